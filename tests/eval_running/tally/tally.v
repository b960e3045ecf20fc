// y = v + the number before it since reset (0 for the first one).
module tally (
    input wire clk,
    input wire rst,
    input wire [3:0] in_v,
    input wire in_valid,
    output wire in_ready,
    output wire [4:0] out_y,
    output wire out_valid,
    input wire out_ready
);
    reg [3:0] before;
    reg [4:0] y;
    reg full;
    assign in_ready = !full | out_ready;
    assign out_valid = full;
    assign out_y = y;
    always @(posedge clk) begin
        if (rst) begin
            full <= 1'b0;
            before <= 4'd0;
        end else if (in_valid & in_ready) begin
            y <= in_v + before;
            before <= in_v;
            full <= 1'b1;
        end else if (out_ready) full <= 1'b0;
    end
endmodule
