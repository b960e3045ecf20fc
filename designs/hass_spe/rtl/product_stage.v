// product_stage: the product register. Two multipliers and the facts about
// the step that the accumulator needs.
//
// While `hold` is high the register keeps its step.
`default_nettype none

module product_stage (
    input  wire               clk,
    input  wire               rst,
    input  wire               hold,
    input  wire               step,
    input  wire               step_last,
    input  wire               step_counts,
    input  wire               first_valid,
    input  wire        [2:0]  first_lane,
    input  wire               second_valid,
    input  wire        [2:0]  second_lane,
    input  wire        [55:0] step_a,
    input  wire        [63:0] step_w,
    output wire               valid,
    output wire               last,
    output wire               counts,
    output wire        [1:0]  pairs,
    output wire signed [14:0] product0,
    output wire signed [14:0] product1
);

    reg               held;
    reg               held_last;
    reg               held_counts;
    reg        [1:0]  held_pairs;
    reg signed [14:0] held0;
    reg signed [14:0] held1;

    wire signed [14:0] first_product;
    wire signed [14:0] second_product;

    lane_product multiplier0 (
        .grant   (first_valid),
        .lane    (first_lane),
        .a_bus   (step_a),
        .w_bus   (step_w),
        .product (first_product)
    );

    lane_product multiplier1 (
        .grant   (second_valid),
        .lane    (second_lane),
        .a_bus   (step_a),
        .w_bus   (step_w),
        .product (second_product)
    );

    assign valid    = held;
    assign last     = held_last;
    assign counts   = held_counts;
    assign pairs    = held_pairs;
    assign product0 = held0;
    assign product1 = held1;

    always @(posedge clk) begin
        if (rst)
            held <= 1'b0;
        else if (!hold)
            held <= step;
    end

    // Payload registers need no reset: held qualifies them.
    always @(posedge clk) begin
        if (step) begin
            held_last   <= step_last;
            held_counts <= step_counts;
            held_pairs  <= {1'b0, first_valid} + {1'b0, second_valid};
            held0       <= first_product;
            held1       <= second_product;
        end
    end

endmodule

`default_nettype wire
