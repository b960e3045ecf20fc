// axi_lite_slave: the five channels of AXI4-Lite in front of a register
// block.
//
// Address and data of a write may come in any order; each is held in a
// register of its own. The write is performed (`wr_en`) in a cycle in which
// both are held and the response register is free or being taken. A read is
// performed (`rd_en`) in a cycle in which its address is held and the data
// register is free or being taken. Nothing but registers drives an output.
`default_nettype none

module axi_lite_slave (
    input  wire        clk,
    input  wire        rst,
    input  wire [5:0]  awaddr,
    input  wire        awvalid,
    output wire        awready,
    input  wire [31:0] wdata,
    input  wire [3:0]  wstrb,
    input  wire        wvalid,
    output wire        wready,
    output wire [1:0]  bresp,
    output wire        bvalid,
    input  wire        bready,
    input  wire [5:0]  araddr,
    input  wire        arvalid,
    output wire        arready,
    output wire [31:0] rdata,
    output wire [1:0]  rresp,
    output wire        rvalid,
    input  wire        rready,
    // Register block; addresses of words
    output wire        wr_en,
    output wire [3:0]  wr_word,
    output wire [31:0] wr_data,
    output wire [3:0]  wr_strb,
    input  wire        wr_error,
    output wire        rd_en,
    output wire [3:0]  rd_word,
    input  wire [31:0] rd_data,
    input  wire        rd_error
);

    reg        aw_held;
    reg [3:0]  aw_word;
    reg        w_held;
    reg [31:0] w_data;
    reg [3:0]  w_strb;
    reg        b_held;
    reg        b_error;
    reg        ar_held;
    reg [3:0]  ar_word;
    reg        r_held;
    reg        r_error;
    reg [31:0] r_data;

    // Registers are words: the lowest two bits say nothing.
    wire [1:0] awaddr_unused;
    wire [1:0] araddr_unused;

    assign awaddr_unused = awaddr[1:0];
    assign araddr_unused = araddr[1:0];

    assign awready = !aw_held;
    assign wready  = !w_held;
    assign arready = !ar_held;
    assign bvalid  = b_held;
    assign bresp   = {b_held && b_error, 1'b0};
    assign rvalid  = r_held;
    assign rresp   = {r_held && r_error, 1'b0};
    assign rdata   = r_held ? r_data : 32'd0;

    assign wr_en   = aw_held && w_held && (!b_held || bready);
    assign wr_word = aw_word;
    assign wr_data = w_data;
    assign wr_strb = w_strb;
    assign rd_en   = ar_held && (!r_held || rready);
    assign rd_word = ar_word;

    always @(posedge clk) begin
        if (rst) begin
            aw_held <= 1'b0;
            w_held  <= 1'b0;
            b_held  <= 1'b0;
        end else begin
            if (awvalid && awready)
                aw_held <= 1'b1;
            else if (wr_en)
                aw_held <= 1'b0;
            if (wvalid && wready)
                w_held <= 1'b1;
            else if (wr_en)
                w_held <= 1'b0;
            if (wr_en)
                b_held <= 1'b1;
            else if (bready)
                b_held <= 1'b0;
        end
    end

    always @(posedge clk) begin
        if (rst) begin
            ar_held <= 1'b0;
            r_held  <= 1'b0;
        end else begin
            if (arvalid && arready)
                ar_held <= 1'b1;
            else if (rd_en)
                ar_held <= 1'b0;
            if (rd_en)
                r_held <= 1'b1;
            else if (rready)
                r_held <= 1'b0;
        end
    end

    // Payload needs no reset: the flags qualify it.
    always @(posedge clk) begin
        if (awvalid && awready)
            aw_word <= awaddr[5:2];
        if (wvalid && wready) begin
            w_data <= wdata;
            w_strb <= wstrb;
        end
        if (wr_en)
            b_error <= wr_error;
        if (arvalid && arready)
            ar_word <= araddr[5:2];
        if (rd_en) begin
            r_data  <= rd_data;
            r_error <= rd_error;
        end
    end

endmodule

`default_nettype wire
