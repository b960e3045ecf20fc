// coefficient_memory: two banks of weights, low-rank factors and key factors,
// with a load port that shares the memory with the score feeder.
//
// kinds: 0 weights, four of four bits for a key and a beat; 1 factors of the
// two ranks, two lanes of a beat; 2 factors b0 and b1 of a key; 3 gamma and
// beta, which pass through to the layer normalisation.
//
// A load waits while the feeder reads. One that would change a bank which a
// job in flight uses is taken and dropped, and is told as `refused`.
`default_nettype none

module coefficient_memory (
    input  wire        clk,
    input  wire        rst,
    // Load port
    input  wire [1:0]  ld_kind,
    input  wire        ld_bank,
    input  wire [4:0]  ld_index,
    input  wire [15:0] ld_data,
    input  wire        ld_valid,
    output wire        ld_ready,
    input  wire [1:0]  bank_used,
    output wire        refused,
    // Layer normalisation
    output wire        norm_we,
    output wire        norm_sel,
    output wire [3:0]  norm_addr,
    output wire [7:0]  norm_data,
    // Score feeder
    input  wire        reading,
    input  wire        bank,
    input  wire [2:0]  key,
    input  wire [1:0]  place,
    output wire [15:0] weights,
    output wire [31:0] factors0,
    output wire [31:0] factors1,
    output wire [15:0] key_factors
);

    reg [15:0] weight_memory [0:63];
    reg [15:0] factor_memory [0:31];
    reg [15:0] key_memory    [0:15];

    integer i;

    wire take;
    wire for_norm;
    wire allowed;

    assign ld_ready = !reading;
    assign take     = ld_valid && ld_ready;
    assign for_norm = ld_kind == 2'd3;
    assign allowed  = take && !for_norm && !bank_used[ld_bank];
    assign refused  = take && !for_norm && bank_used[ld_bank];

    assign norm_we   = take && for_norm;
    assign norm_sel  = ld_index[4];
    assign norm_addr = ld_index[3:0];
    assign norm_data = ld_data[7:0];

    assign weights     = weight_memory[{bank, key, place}];
    assign factors0    = {factor_memory[{bank, 1'b0, place, 1'b1}], factor_memory[{bank, 1'b0, place, 1'b0}]};
    assign factors1    = {factor_memory[{bank, 1'b1, place, 1'b1}], factor_memory[{bank, 1'b1, place, 1'b0}]};
    assign key_factors = key_memory[{bank, key}];

    always @(posedge clk) begin
        if (rst) begin
            for (i = 0; i < 64; i = i + 1)
                weight_memory[i] <= 16'd0;
        end else if (allowed && ld_kind == 2'd0) begin
            weight_memory[{ld_bank, ld_index}] <= ld_data;
        end
    end

    always @(posedge clk) begin
        if (rst) begin
            for (i = 0; i < 32; i = i + 1)
                factor_memory[i] <= 16'd0;
        end else if (allowed && ld_kind == 2'd1) begin
            factor_memory[{ld_bank, ld_index[3:0]}] <= ld_data;
        end
    end

    always @(posedge clk) begin
        if (rst) begin
            for (i = 0; i < 16; i = i + 1)
                key_memory[i] <= 16'd0;
        end else if (allowed && ld_kind == 2'd2) begin
            key_memory[{ld_bank, ld_index[2:0]}] <= ld_data;
        end
    end

endmodule

`default_nettype wire
