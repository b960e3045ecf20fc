// config_registers: the configuration as it was written last.
//
// A write in cycle t is in the registers from cycle t + 1 on.
// Word layout: {lr_en, eb[3:0], b1[7:0], b0[7:0]}, 21 bits; reset clears it.
`default_nettype none

module config_registers (
    input  wire        clk,
    input  wire        rst,
    input  wire        we,
    input  wire [7:0]  b0,
    input  wire [7:0]  b1,
    input  wire [3:0]  eb,
    input  wire        lr_en,
    output wire [20:0] config_word
);

    reg [20:0] stored;

    assign config_word = stored;

    always @(posedge clk) begin
        if (rst)
            stored <= 21'd0;
        else if (we)
            stored <= {lr_en, eb, b1, b0};
    end

endmodule

`default_nettype wire
