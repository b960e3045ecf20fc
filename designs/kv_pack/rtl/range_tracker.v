// range_tracker: least and greatest value of one channel, while a group
// fills, in a bank for each buffer.
//
// The first token of a group sets both, later ones widen. A bank keeps its
// values while its buffer is drained; the other bank may fill meanwhile.
`default_nettype none

module range_tracker (
    input  wire       clk,
    input  wire       write,
    input  wire       write_buffer,
    input  wire       write_first,
    input  wire [7:0] value,
    input  wire       read_buffer,
    output wire [7:0] low,
    output wire [7:0] high
);

    reg signed [7:0] low0;
    reg signed [7:0] high0;
    reg signed [7:0] low1;
    reg signed [7:0] high1;

    wire signed [7:0] x;
    wire signed [7:0] low_so_far;
    wire signed [7:0] high_so_far;
    wire signed [7:0] low_next;
    wire signed [7:0] high_next;

    assign x           = value;
    assign low_so_far  = write_buffer ? low1 : low0;
    assign high_so_far = write_buffer ? high1 : high0;
    assign low_next    = (write_first || (x < low_so_far)) ? x : low_so_far;
    assign high_next   = (write_first || (x > high_so_far)) ? x : high_so_far;

    assign low  = read_buffer ? low1 : low0;
    assign high = read_buffer ? high1 : high0;

    always @(posedge clk) begin
        if (write && !write_buffer) begin
            low0  <= low_next;
            high0 <= high_next;
        end
        if (write && write_buffer) begin
            low1  <= low_next;
            high1 <= high_next;
        end
    end

endmodule

`default_nettype wire
