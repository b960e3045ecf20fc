// For each address in the adjacency queue, fetches the features of that neighbour into the message queue.
module message_fetch (
    input wire clk,
    input wire rst_n,
    input wire start_i,
    input wire [6:0] beats_i,  // of a neighbour
    output wire idle_o,
    output wire reads_o,
    input wire may_ask_i,
    // addresses
    input wire [33:0] address_i,
    input wire address_valid_i,
    input wire address_more_i,
    output wire pop_o,
    // memory
    output wire ask_valid_o,
    output reg [33:0] ask_address_o,
    input wire ask_ready_i,
    input wire beat_valid_i,
    output wire beat_ready_o,
    // the queue
    input wire [12:0] room_i,
    output wire push_o,
    // the answers
    output wire waits_o,
    input wire waits_taken_i,
    output wire done_o,
    input wire taken_i
);
  localparam IDLE = 3'd0, PLAN = 3'd1, ASK = 3'd2, TAKE = 3'd3, DONE = 3'd4;

  reg [2:0] state;
  reg [6:0] beats;
  reg told, tell;  // the answer that the queue is full: was given once; is due

  wire fits = room_i >= {6'd0, beats_i};
  wire blocked = state == PLAN && address_valid_i && !fits;

  assign idle_o = state == IDLE;
  assign reads_o = state == ASK || state == TAKE;
  assign ask_valid_o = state == ASK;
  assign beat_ready_o = state == TAKE;
  assign push_o = state == TAKE && beat_valid_i;
  // An address is used up when it is asked for, or at once if there is nothing to fetch.
  assign pop_o = (state == ASK && ask_ready_i) || (state == PLAN && address_valid_i && beats_i == 7'd0);
  assign waits_o = tell;
  assign done_o = state == DONE;

  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      state <= IDLE;
      beats <= 7'd0;
      told  <= 1'b0;
      tell  <= 1'b0;
      ask_address_o <= 34'd0;
    end else begin
      if (waits_taken_i) tell <= 1'b0;
      else if (blocked && !told) tell <= 1'b1;
      if (state == IDLE) told <= 1'b0;
      else if (blocked) told <= 1'b1;
      case (state)
        IDLE: if (start_i) state <= PLAN;
        PLAN:
        if (!address_valid_i) begin
          if (!address_more_i) state <= DONE;
        end else if (beats_i != 7'd0 && fits && may_ask_i) begin
          state <= ASK;
          ask_address_o <= address_i;
        end
        ASK:
        if (ask_ready_i) begin
          state <= TAKE;
          beats <= beats_i;
        end
        TAKE:
        if (beat_valid_i) begin
          beats <= beats - 7'd1;
          if (beats == 7'd1) state <= PLAN;
        end
        default: if (taken_i) state <= IDLE;
      endcase
    end
  end
endmodule
