// score_packer: adds the scale of the job to two scores in turn and joins
// them to one beat of the softmax, with a common exponent of four bits.
//
// Scores that are zero have no say in the exponent. A pair whose exponent
// would be above 7 is clipped; the slot of the row remembers it.
`default_nettype none

module score_packer (
    input  wire        clk,
    input  wire        rst,
    // Scores: {zero, exponent (6), mantissa (8)}
    input  wire [14:0] in_word,
    input  wire        in_valid,
    output wire        in_ready,
    // Slot of the row
    output wire [1:0]  slot,
    input  wire [1:0]  pairs,
    input  wire [3:0]  scale,
    output wire        clipped_set,
    // Beats: {last, exponent (4), mantissa1, mantissa0}
    output wire [20:0] out_word,
    output wire        out_valid,
    input  wire        out_ready
);

    localparam signed [6:0] LOWEST  = -7'sd8;
    localparam signed [6:0] HIGHEST = 7'sd7;

    reg        half;        // the first score of a pair is held
    reg [14:0] first;
    reg        full;
    reg [20:0] held;
    reg [1:0]  pair;
    reg        row_clipped; // by an earlier pair of the row
    reg [1:0]  row_slot;

    wire signed [6:0] exponent0;
    wire signed [6:0] exponent1;
    wire signed [6:0] greatest;
    wire signed [6:0] block;
    wire        [7:0] mant0;
    wire        [7:0] mant1;
    wire              clipped0;
    wire              clipped1;
    wire              take;
    wire              load;
    wire              last;
    wire        [2:0] block_unused;
    wire        [3:0] block_low;

    assign in_ready = !half || !full || out_ready;
    assign take     = in_valid && in_ready;
    assign load     = take && half;
    assign last     = pair == pairs;

    assign exponent0 = {first[13], first[13:8]} + {{3{scale[3]}}, scale};
    assign exponent1 = {in_word[13], in_word[13:8]} + {{3{scale[3]}}, scale};

    assign greatest = first[14]                ? (in_word[14] ? LOWEST : exponent1) :
                      in_word[14]              ? exponent0 :
                      (exponent0 > exponent1)  ? exponent0 : exponent1;
    assign block    = (greatest > HIGHEST) ? HIGHEST :
                      (greatest < LOWEST)  ? LOWEST : greatest;

    assign {block_unused, block_low} = block;

    score_lane lane0 (
        .mant     (first[7:0]),
        .zero     (first[14]),
        .exponent (exponent0),
        .block    (block),
        .aligned  (mant0),
        .clipped  (clipped0)
    );

    score_lane lane1 (
        .mant     (in_word[7:0]),
        .zero     (in_word[14]),
        .exponent (exponent1),
        .block    (block),
        .aligned  (mant1),
        .clipped  (clipped1)
    );

    assign slot        = row_slot;
    assign clipped_set = load && last && (row_clipped || clipped0 || clipped1);
    assign out_word    = held;
    assign out_valid   = full;

    always @(posedge clk) begin
        if (rst) begin
            half        <= 1'b0;
            full        <= 1'b0;
            pair        <= 2'd0;
            row_clipped <= 1'b0;
            row_slot    <= 2'd0;
        end else begin
            if (take)
                half <= !half;
            if (load)
                full <= 1'b1;
            else if (out_ready)
                full <= 1'b0;
            if (load) begin
                pair        <= last ? 2'd0 : pair + 2'd1;
                row_clipped <= !last && (row_clipped || clipped0 || clipped1);
                if (last)
                    row_slot <= row_slot + 2'd1;
            end
        end
    end

    // Payload needs no reset: the flags qualify it.
    always @(posedge clk) begin
        if (take && !half)
            first <= in_word;
        if (load)
            held <= {last, block_low, mant1, mant0};
    end

endmodule

`default_nettype wire
