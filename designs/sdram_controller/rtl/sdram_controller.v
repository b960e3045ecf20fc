// Opens, reads, writes and refreshes one SDRAM chip, a word at a time. See ../spec.md.
module sdram_controller #(
    parameter ROW_WIDTH = 13,
    parameter COL_WIDTH = 9,
    parameter BANK_WIDTH = 2,
    parameter REFRESH_EVERY = 519,  // cycles: 8,192 refreshes in 32 ms at 133 MHz
    parameter HADDR_WIDTH = BANK_WIDTH + ROW_WIDTH + COL_WIDTH
) (
    input wire clk,
    input wire rst_n,
    // host
    input wire [HADDR_WIDTH-1:0] wr_addr,
    input wire [15:0] wr_data,
    input wire wr_enable,
    input wire [HADDR_WIDTH-1:0] rd_addr,
    input wire rd_enable,
    output wire [15:0] rd_data,
    output wire rd_ready,
    output wire busy,
    // chip; the bidirectional bus is split into three ports
    output reg [ROW_WIDTH-1:0] addr,
    output reg [BANK_WIDTH-1:0] bank_addr,
    input wire [15:0] data_i,
    output wire [15:0] data_o,
    output wire data_oe,
    output wire clock_enable,
    output wire cs_n,
    output wire ras_n,
    output wire cas_n,
    output wire we_n,
    output wire data_mask_low,
    output wire data_mask_high
);
  // {cs_n, ras_n, cas_n, we_n}
  localparam [3:0] MODE = 4'b0000, REFRESH = 4'b0001, PRECHARGE = 4'b0010, ACTIVATE = 4'b0011, WRITE = 4'b0100,
                   READ = 4'b0101, NOP = 4'b0111;
  localparam [2:0] IDLE = 3'd0, INIT = 3'd1, REFRESHING = 3'd2, READING = 3'd3, WRITING = 3'd4;
  // Burst length 1, CAS latency 3, writes of single words.
  localparam [ROW_WIDTH-1:0] MODE_WORD = {{ROW_WIDTH - 10{1'b0}}, 10'b1000110000};
  localparam [ROW_WIDTH-1:0] A10 = {{ROW_WIDTH - 11{1'b0}}, 11'b10000000000};

  reg [2:0] doing;
  reg [5:0] tick;  // cycles that it has been done for
  reg [9:0] since;  // the last refresh
  reg [HADDR_WIDTH-1:0] place;
  reg [15:0] word, got;
  reg  got_now;
  reg  [3:0] command;

  wire due = since >= REFRESH_EVERY[9:0];
  wire accepts = doing == IDLE && !due;
  wire transfers = doing == READING || doing == WRITING;
  wire [BANK_WIDTH-1:0] bank = place[HADDR_WIDTH-1-:BANK_WIDTH];
  wire [ROW_WIDTH-1:0] row = place[COL_WIDTH+:ROW_WIDTH];
  wire [ROW_WIDTH-1:0] column = {{ROW_WIDTH - COL_WIDTH{1'b0}}, place[COL_WIDTH-1:0]};

  wire [5:0] last_tick = doing == INIT ? 6'd38 : doing == REFRESHING ? 6'd10 : doing == READING ? 6'd6 : 6'd5;

  always @(posedge clk) begin
    if (!rst_n) begin
      doing <= INIT;
      tick <= 6'd0;
      since <= 10'd0;
      place <= {HADDR_WIDTH{1'b0}};
      word <= 16'd0;
      got <= 16'd0;
      got_now <= 1'b0;
    end else begin
      since <= doing == REFRESHING ? 10'd0 : since + 10'd1;
      got_now <= doing == READING && tick == 6'd6;
      if (doing == READING && tick == 6'd6) got <= data_i;
      tick <= tick + 6'd1;
      if (doing != IDLE) begin
        if (tick == last_tick) doing <= IDLE;
      end else begin
        tick <= 6'd0;
        if (due) doing <= REFRESHING;
        else if (rd_enable) begin
          doing <= READING;
          place <= rd_addr;
        end else if (wr_enable) begin
          doing <= WRITING;
          place <= wr_addr;
          word  <= wr_data;
        end
      end
    end
  end

  always @* begin
    command = NOP;
    addr = {ROW_WIDTH{1'b0}};
    bank_addr = {BANK_WIDTH{1'b0}};
    case (doing)
      INIT:
      case (tick)
        6'd16: command = PRECHARGE;
        6'd18, 6'd27: command = REFRESH;
        6'd36: command = MODE;
        default: command = NOP;
      endcase
      REFRESHING:
      case (tick)
        6'd0: command = PRECHARGE;
        6'd2: command = REFRESH;
        default: command = NOP;
      endcase
      READING, WRITING:
      case (tick)
        6'd0: command = ACTIVATE;
        6'd3: command = doing == READING ? READ : WRITE;
        default: command = NOP;
      endcase
      default: command = NOP;
    endcase
    case (command)
      PRECHARGE: addr = A10;  // all banks
      MODE: addr = MODE_WORD;
      ACTIVATE: {bank_addr, addr} = {bank, row};
      READ, WRITE: {bank_addr, addr} = {bank, A10 | column};  // precharged afterwards
      default: addr = {ROW_WIDTH{1'b0}};
    endcase
  end

  assign busy = !accepts;
  assign rd_data = got;
  assign rd_ready = got_now;
  assign data_o = word;
  assign data_oe = command == WRITE;
  assign clock_enable = 1'b1;
  assign {cs_n, ras_n, cas_n, we_n} = command;
  assign data_mask_low = !transfers;
  assign data_mask_high = !transfers;
endmodule
