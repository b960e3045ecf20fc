// row_arbiter: gives the pipeline to one of the two input streams, a row at
// a time, and cuts rows that are longer than their job allows.
//
// The grant is a register. It is given in a cycle without one, to a stream
// that offers a beat and whose context accepts rows, if a slot is free. With
// both, the one that was not granted last has it, or stream 0 if the
// priority is fixed. It ends with the row, or if its context is aborted
// before the row has begun.
//
// A row that goes on after its longest length ends there for the pipeline;
// the rest of it, up to its last beat, is taken and thrown away (`flush`).
`default_nettype none

module row_arbiter (
    input  wire       clk,
    input  wire       rst,
    input  wire [1:0] accepting,
    input  wire [1:0] abort_take,
    input  wire       slot_free,
    input  wire       fixed_priority,
    input  wire [1:0] length0,
    input  wire [1:0] length1,
    input  wire [1:0] x_valid,
    input  wire [1:0] x_last,
    output wire [1:0] x_ready,
    output wire [1:0] grant,
    // To the pipeline
    output wire       beat_valid,
    output wire       beat_last,
    input  wire       beat_ready,
    // Events
    output wire [1:0] row_begin,
    output wire [1:0] overlong
);

    reg [1:0] granted;
    reg [1:0] flush;
    reg       served;  // stream that was granted last
    reg       open;    // the row of the grant has begun
    reg [1:0] place;

    wire [1:0] candidates;
    wire       pick;
    wire       source_last;
    wire       at_limit;
    wire       take;
    wire       row_end;
    wire       withdraw;

    assign candidates = accepting & x_valid & ~flush & ~abort_take & {2{slot_free}};
    assign pick       = (candidates == 2'b11) ? (!fixed_priority && !served) : candidates[1];

    assign grant       = granted;
    assign x_ready     = flush | (granted & {2{beat_ready}});
    assign beat_valid  = |(granted & x_valid);
    assign source_last = |(granted & x_last);
    assign at_limit    = place == (granted[1] ? length1 : length0);
    assign beat_last   = source_last || at_limit;

    assign take     = beat_valid && beat_ready;
    assign row_end  = take && beat_last;
    assign withdraw = !open && !take && |(granted & abort_take);

    assign row_begin = granted & {2{take && !open}};
    assign overlong  = granted & {2{row_end && !source_last}};

    always @(posedge clk) begin
        if (rst) begin
            granted <= 2'b00;
            served  <= 1'b1;
        end else if (granted == 2'b00) begin
            if (candidates != 2'b00) begin
                granted <= {pick, !pick};
                served  <= pick;
            end
        end else if (row_end || withdraw) begin
            granted <= 2'b00;
        end
    end

    always @(posedge clk) begin
        if (rst) begin
            open  <= 1'b0;
            place <= 2'd0;
        end else if (take) begin
            open  <= !beat_last;
            place <= beat_last ? 2'd0 : place + 2'd1;
        end
    end

    always @(posedge clk) begin
        if (rst)
            flush <= 2'b00;
        else
            flush <= (flush & ~(x_valid & x_last)) | overlong;
    end

endmodule

`default_nettype wire
