// Limits readings; a small machine of its own for tests of code coverage and assertions.
module gauge #(
    parameter int WIDE = 0,
    parameter int CAP = 200
) (
    input  logic       clk,
    input  logic       rst,
    input  logic       in_valid,
    output logic       in_ready,
    input  logic [7:0] in_reading,
    input  logic [1:0] in_kind,
    output logic       out_valid,
    input  logic       out_ready,
    output logic [7:0] out_level
);
  logic full;
  logic [7:0] held, high, low, never;
  wire take = in_valid && in_ready;

  assign in_ready = !full || out_ready;
  assign out_valid = full;
  assign out_level = held;
  assign never = 8'd0;

  limiter #(.CAP(CAP)) u_high (.reading(in_reading), .bypass(1'b0), .level(high));
  limiter #(.CAP(CAP / 2)) u_low (.reading(in_reading), .bypass(1'b0), .level(low));

  always_ff @(posedge clk) begin
    if (rst) begin
      full <= 1'b0;
      held <= 8'd0;
    end else begin
      if (take) begin
        full <= 1'b1;
        if (WIDE != 0) held <= in_reading;
        else if (in_kind == 2'd3 && in_reading == 8'd77)
          held <= 8'hff;
        else
          case (in_kind)
            2'd0: held <= high;
            2'd1: held <= low;
            default: held <= in_reading ^ never;
          endcase
      end else if (out_ready) full <= 1'b0;
      if (take && in_reading == 8'hee) $error("reading %0d must not come", in_reading);
    end
  end

  // Concurrent, and disabled in reset by its own rule.
  assert property (@(posedge clk) disable iff (rst) take |-> in_reading != 8'hed)
  else $error("reading of 8'hed");

  always_comb
    if (!rst && take) begin
      unique case (in_reading[7:4])
        4'h0, 4'h1, 4'h2, 4'h3, 4'h4, 4'h5, 4'h6, 4'h7, 4'h8, 4'h9, 4'ha, 4'hb, 4'hc, 4'he, 4'hf: ;
      endcase
    end

  if (CAP > 255) begin : g_wrong
    initial $error("CAP is %0d, more than a reading", CAP);
  end
endmodule
