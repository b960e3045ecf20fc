// tally: how many beats of the job have differed, and which was the first.
//
// `count` and `first` include the beat that is offered; `kept_count` and
// `kept_first` are those of the beats of the job that have moved on.
`default_nettype none

module tally (
    input  wire       clk,
    input  wire       rst,
    input  wire       move,
    input  wire       last,
    input  wire       differ,
    output wire [4:0] count,
    output wire [4:0] first,
    output wire [4:0] kept_count,
    output wire [4:0] kept_first
);

    localparam [4:0] NONE = 5'd16;

    reg [4:0] differing;
    reg [4:0] earliest;
    reg [3:0] place;

    assign count      = differing + {4'd0, differ};
    assign first      = (differ && (earliest == NONE)) ? {1'b0, place} : earliest;
    assign kept_count = differing;
    assign kept_first = earliest;

    always @(posedge clk) begin
        if (rst) begin
            differing <= 5'd0;
            earliest  <= NONE;
            place     <= 4'd0;
        end else if (move) begin
            differing <= last ? 5'd0 : count;
            earliest  <= last ? NONE : first;
            place     <= last ? 4'd0 : place + 4'd1;
        end
    end

endmodule

`default_nettype wire
