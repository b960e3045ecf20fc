// Loads a matrix of weights from memory and sends it diagonally: row r begins r steps later. See ../spec.md.
module prefetcher_weight_bank #(
    parameter LOG_ROWS = 6,
    parameter LOG_BEATS = 2,
    parameter ROWS = 1 << LOG_ROWS
) (
    input wire core_clk,
    input wire resetn,
    // requests of the node scoreboard, and answers
    input wire nsb_prefetcher_weight_bank_req_valid,
    output wire nsb_prefetcher_weight_bank_req_ready,
    input wire [76:0] nsb_prefetcher_weight_bank_req,
    output reg nsb_prefetcher_weight_bank_resp_valid,
    output wire [15:0] nsb_prefetcher_weight_bank_resp,
    // memory
    output wire weight_bank_axi_rm_fetch_req_valid,
    input wire weight_bank_axi_rm_fetch_req_ready,
    output reg [33:0] weight_bank_axi_rm_fetch_start_address,
    output wire [17:0] weight_bank_axi_rm_fetch_byte_count,
    input wire weight_bank_axi_rm_fetch_resp_valid,
    output wire weight_bank_axi_rm_fetch_resp_ready,
    input wire weight_bank_axi_rm_fetch_resp_last,
    input wire [511:0] weight_bank_axi_rm_fetch_resp_data,
    input wire [3:0] weight_bank_axi_rm_fetch_resp_axi_id,
    // weight channel
    input wire weight_channel_req_valid,
    output wire weight_channel_req_ready,
    input wire [21:0] weight_channel_req,
    output wire weight_channel_resp_valid,
    input wire weight_channel_resp_ready,
    output wire [33*ROWS:0] weight_channel_resp,
    input wire [31:0] layer_config_weights_address_lsb_value
);
  localparam [1:0] REST = 2'd0, ASK = 2'd1, TAKE = 2'd2, SEND = 2'd3;
  localparam [10:0] MOST_COLUMNS = 11'd16 << LOG_BEATS, MOST_ROWS = 11'd1 << LOG_ROWS;

  wire [2:0] opcode = nsb_prefetcher_weight_bank_req[76:74];
  wire [33:0] start_address = nsb_prefetcher_weight_bank_req[73:40];
  wire [10:0] in_features = nsb_prefetcher_weight_bank_req[39:29];
  wire [10:0] out_features = nsb_prefetcher_weight_bank_req[28:18];
  wire [5:0] nodeslot = nsb_prefetcher_weight_bank_req[17:12];
  // What else requests say, and what tells the last beat and its source, does not matter here.
  wire unused = &{1'b0, nsb_prefetcher_weight_bank_req[11:0], weight_bank_axi_rm_fetch_resp_last,
                  weight_bank_axi_rm_fetch_resp_axi_id, weight_channel_req, 1'b0};

  reg [1:0] state;
  reg loaded, served;
  reg [5:0] node;
  reg [LOG_BEATS+4:0] columns;  // words of a row, from 1 on
  reg [LOG_ROWS:0] rows;  // from 1 on
  reg [LOG_ROWS:0] row;  // that is loaded
  reg [LOG_BEATS:0] beat;  // of it
  reg [LOG_ROWS+1:0] step;  // of what is sent

  wire [LOG_BEATS:0] beats = columns[LOG_BEATS+4:4] + {{LOG_BEATS{1'b0}}, |columns[3:0]};
  wire [LOG_ROWS+1:0] width = {{LOG_ROWS - LOG_BEATS - 3{1'b0}}, beats, 4'd0};
  wire last_beat = beat + 1'b1 == beats;
  wire last_row = row + 1'b1 == rows;
  wire takes = state == TAKE && weight_bank_axi_rm_fetch_resp_valid;
  wire sends = state == REST && loaded && !served && weight_channel_req_valid;
  wire accepts = nsb_prefetcher_weight_bank_req_valid && nsb_prefetcher_weight_bank_req_ready;
  wire done = step + 1'b1 == width + {1'b0, rows};

  // Sizes are bounded: 0 counts as 1, and more than there is as all of it.
  wire [LOG_BEATS+4:0] new_columns = in_features == 11'd0 ? {{LOG_BEATS + 4{1'b0}}, 1'b1}
      : in_features > MOST_COLUMNS ? MOST_COLUMNS[LOG_BEATS+4:0] : in_features[LOG_BEATS+4:0];
  wire [LOG_ROWS:0] new_rows = out_features == 11'd0 ? {{LOG_ROWS{1'b0}}, 1'b1}
      : out_features > MOST_ROWS ? MOST_ROWS[LOG_ROWS:0] : out_features[LOG_ROWS:0];

  assign nsb_prefetcher_weight_bank_req_ready = state == REST && !sends;
  assign nsb_prefetcher_weight_bank_resp = {node, 10'd0};
  assign weight_bank_axi_rm_fetch_req_valid = state == ASK;
  assign weight_bank_axi_rm_fetch_byte_count = {{11 - LOG_BEATS{1'b0}}, columns, 2'd0};
  assign weight_bank_axi_rm_fetch_resp_ready = state == TAKE;
  assign weight_channel_req_ready = state == REST && loaded && !served;
  assign weight_channel_resp_valid = state == SEND;
  assign weight_channel_resp[0] = done;

  genvar one;
  generate
    for (one = 0; one < ROWS; one = one + 1) begin : matrix
      localparam [LOG_ROWS+1:0] PLACE = one;
      wire [LOG_ROWS+1:0] column = step - PLACE;
      // Before its first step the column wraps, beyond every width.
      wire active = state == SEND && column < width && PLACE < {1'b0, rows};
      assign weight_channel_resp[1+one] = active;
      weight_row #(
          .LOG_BEATS(LOG_BEATS)
      ) u_row (
          .clk(core_clk),
          .write_i(takes && {1'b0, row} == PLACE),
          .beat_i(beat[LOG_BEATS-1:0]),
          .words_i(weight_bank_axi_rm_fetch_resp_data),
          .valid_i(active),
          .column_i(column[LOG_BEATS+3:0]),
          .word_o(weight_channel_resp[1+ROWS+32*one+:32])
      );
    end
  endgenerate

  always @(posedge core_clk or negedge resetn) begin
    if (!resetn) begin
      state <= REST;
      loaded <= 1'b0;
      served <= 1'b0;
      node <= 6'd0;
      columns <= {LOG_BEATS + 5{1'b0}};
      rows <= {LOG_ROWS + 1{1'b0}};
      row <= {LOG_ROWS + 1{1'b0}};
      beat <= {LOG_BEATS + 1{1'b0}};
      step <= {LOG_ROWS + 2{1'b0}};
      nsb_prefetcher_weight_bank_resp_valid <= 1'b0;
      weight_bank_axi_rm_fetch_start_address <= 34'd0;
    end else begin
      nsb_prefetcher_weight_bank_resp_valid <= takes && last_beat && last_row;
      if (sends) served <= 1'b1;
      else if (!weight_channel_req_valid) served <= 1'b0;
      case (state)
        REST:
        if (sends) begin
          state <= SEND;
          step  <= {LOG_ROWS + 2{1'b0}};
        end else if (accepts && opcode == 3'd0) begin
          state <= ASK;
          loaded <= 1'b0;
          node <= nodeslot;
          columns <= new_columns;
          rows <= new_rows;
          row <= {LOG_ROWS + 1{1'b0}};
          weight_bank_axi_rm_fetch_start_address <= {2'd0, layer_config_weights_address_lsb_value} + start_address;
        end
        ASK: begin
          beat <= {LOG_BEATS + 1{1'b0}};
          if (weight_bank_axi_rm_fetch_req_ready) state <= TAKE;
        end
        TAKE:
        if (takes) begin
          beat <= beat + 1'b1;
          if (last_beat) begin
            row <= row + 1'b1;
            // Rows begin at multiples of a beat.
            weight_bank_axi_rm_fetch_start_address <= weight_bank_axi_rm_fetch_start_address
                + {{27 - LOG_BEATS{1'b0}}, beats, 6'd0};
            state <= last_row ? REST : ASK;
            if (last_row) begin
              loaded <= 1'b1;
              served <= 1'b0;
            end
          end
        end
        default:
        if (weight_channel_resp_ready) begin
          step <= step + 1'b1;
          if (done) state <= REST;
        end
      endcase
    end
  end
endmodule
