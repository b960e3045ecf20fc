// Four words that wait to be issued; one comes, none, one or two go.
module mips_queue (
    input  wire        clk,
    input  wire        rst,
    input  wire        valid_i,
    output wire        ready_o,
    input  wire [31:0] word_i,
    output reg  [2:0]  count_o,
    output reg  [31:0] first_o,
    output reg  [31:0] second_o,
    input  wire [1:0]  take_i
);
  reg [31:0] third, fourth;
  wire       comes = valid_i & ready_o;
  wire [2:0] kept = count_o - {1'b0, take_i};

  assign ready_o = count_o != 3'd4;

  always @(posedge clk) begin
    if (rst) count_o <= 3'd0;
    else count_o <= kept + {2'b00, comes};
    if (take_i == 2'd1) begin
      first_o <= second_o;
      second_o <= third;
      third <= fourth;
    end else if (take_i == 2'd2) begin
      first_o <= third;
      second_o <= fourth;
    end
    if (comes) begin
      case (kept)
        3'd0: first_o <= word_i;
        3'd1: second_o <= word_i;
        3'd2: third <= word_i;
        default: fourth <= word_i;
      endcase
    end
  end
endmodule
