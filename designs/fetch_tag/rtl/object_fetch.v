// Fetches a list of 32-bit objects from memory into a queue, as many at a time as the queue has room for.
module object_fetch #(
    parameter UNPACK = 1  // 1: one object a push; 0: a whole beat of 16 a push
) (
    input wire clk,
    input wire rst_n,
    // a fetch
    input wire start_i,
    input wire [33:0] address_i,
    input wire [9:0] count_i,
    input wire [33:0] base_i,
    output wire idle_o,
    output wire more_o,  // something will be pushed
    output reg partial_o,  // the queue could not hold all of it
    // memory
    input wire may_ask_i,
    output wire ask_valid_o,
    input wire ask_ready_i,
    output reg [33:0] ask_address_o,
    output wire [17:0] ask_bytes_o,
    input wire beat_valid_i,
    output wire beat_ready_o,
    input wire [511:0] beat_i,
    // the queue
    input wire [9:0] room_i,
    output wire push_o,
    output wire [511:0] data_o,
    // the answer
    output wire done_o,
    input wire taken_i
);
  localparam IDLE = 3'd0, PLAN = 3'd1, ASK = 3'd2, TAKE = 3'd3, STORE = 3'd4, DONE = 3'd5;

  reg [  2:0] state;
  reg [  9:0] left;  // not asked for yet
  reg [  9:0] asked;  // asked for, not stored yet
  reg [511:0] beat;  // the next object in the upper bits
  reg [  3:0] place;

  wire [  9:0] portion = left < room_i ? left : room_i;
  wire [  9:0] step = UNPACK ? 10'd1 : (asked > 10'd16 ? 10'd16 : asked);

  assign idle_o = state == IDLE;
  assign more_o = state != IDLE && state != DONE;
  assign ask_valid_o = state == ASK;
  assign ask_bytes_o = {6'd0, asked, 2'd0};
  assign beat_ready_o = state == TAKE;
  assign push_o = state == STORE;
  assign data_o = beat;
  assign done_o = state == DONE;

  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      state <= IDLE;
      left <= 10'd0;
      asked <= 10'd0;
      beat <= 512'd0;
      place <= 4'd0;
      partial_o <= 1'b0;
      ask_address_o <= 34'd0;
    end else begin
      case (state)
        IDLE:
        if (start_i) begin
          state <= count_i == 10'd0 ? DONE : PLAN;
          left <= count_i;
          partial_o <= 1'b0;
          ask_address_o <= base_i + address_i;
        end
        PLAN:
        if (may_ask_i && room_i != 10'd0) begin
          state <= ASK;
          asked <= portion;
          left  <= left - portion;
        end
        ASK:
        if (ask_ready_i) begin
          state <= TAKE;
          ask_address_o <= ask_address_o + {16'd0, ask_bytes_o};
        end
        TAKE:
        if (beat_valid_i) begin
          state <= STORE;
          beat  <= beat_i;
          place <= 4'd0;
        end
        STORE: begin
          beat  <= beat << 32;
          place <= place + 4'd1;
          asked <= asked - step;
          if (asked == step) begin
            state <= left == 10'd0 ? DONE : PLAN;
            if (left != 10'd0) partial_o <= 1'b1;
          end else if (!UNPACK || place == 4'd15) state <= TAKE;
        end
        default: if (taken_i) state <= IDLE;
      endcase
    end
  end
endmodule
