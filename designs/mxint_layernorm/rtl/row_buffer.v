// row_buffer: two row buffers in turn. One row is loaded while the row before
// it is read as often as needed.
//
// A beat accepted in cycle t can be read in cycle t + 1. row_valid says that
// the older buffer holds a complete row, row_last the place of its last beat;
// row_free gives this buffer back.
//
// hold keeps a new row out; a row that has begun goes on. in_ready depends on
// registers and on hold alone.
`default_nettype none

module row_buffer (
    input  wire        clk,
    input  wire        rst,
    input  wire        hold,
    // Beats: {exponent[3:0], mantissa3[7:0], .., mantissa0[7:0]}
    input  wire [35:0] in_word,
    input  wire        in_last,
    input  wire        in_valid,
    output wire        in_ready,
    output wire        row_valid,
    output wire [1:0]  row_last,
    input  wire [1:0]  read_place,
    output wire [35:0] read_word,
    input  wire        row_free,
    output wire [1:0]  level
);

    reg [35:0] memory [0:7];
    reg        load;        // buffer that is loaded next
    reg [1:0]  load_place;  // place of the next beat in its row
    reg        row_open;    // a row has begun and not ended
    reg        unload;      // buffer that is read
    reg [1:0]  full;        // complete rows, by buffer
    reg [1:0]  last0;
    reg [1:0]  last1;

    wire take;

    assign in_ready  = !full[load] && (row_open || !hold);
    assign row_valid = full[unload];
    assign row_last  = unload ? last1 : last0;
    assign read_word = memory[{unload, read_place}];
    assign level     = {1'b0, full[0]} + {1'b0, full[1]} + {1'b0, row_open};

    assign take = in_valid && in_ready;

    always @(posedge clk) begin
        if (rst) begin
            load       <= 1'b0;
            load_place <= 2'd0;
            row_open   <= 1'b0;
        end else if (take) begin
            load       <= load ^ in_last;
            load_place <= in_last ? 2'd0 : load_place + 2'd1;
            row_open   <= !in_last;
        end
    end

    always @(posedge clk) begin
        if (rst)
            unload <= 1'b0;
        else if (row_free)
            unload <= !unload;
    end

    // The buffer that is loaded is not full, the one that is freed is: the
    // two never change the same flag in one cycle.
    always @(posedge clk) begin
        if (rst) begin
            full <= 2'b00;
        end else begin
            if (take && in_last)
                full[load] <= 1'b1;
            if (row_free)
                full[unload] <= 1'b0;
        end
    end

    // Memory and lengths need no reset: full says which rows are there.
    always @(posedge clk) begin
        if (take)
            memory[{load, load_place}] <= in_word;
        if (take && in_last && !load)
            last0 <= load_place;
        if (take && in_last && load)
            last1 <= load_place;
    end

endmodule

`default_nettype wire
