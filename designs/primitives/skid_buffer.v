// skid_buffer: two-entry stream buffer whose in_ready comes from a register.
//
// Breaks every combinational path between its two sides: in_ready does not
// depend on out_ready, out_valid and out_data do not depend on the input.
// Full throughput (one transfer a cycle). Generic in WIDTH.
//
// A word that arrives while the output register is free (or is being
// emptied in this cycle) goes straight to the output register; otherwise it
// goes to the spare register, and in_ready falls until the spare is used.
`default_nettype none

module skid_buffer #(
    parameter WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [WIDTH-1:0] in_data,
    input  wire             in_valid,
    output wire             in_ready,
    output wire [WIDTH-1:0] out_data,
    output wire             out_valid,
    input  wire             out_ready
);

    reg             head_valid;
    reg             spare_valid;
    reg [WIDTH-1:0] head_data;
    reg [WIDTH-1:0] spare_data;

    wire push;
    wire head_free;

    assign in_ready  = !spare_valid;
    assign out_valid = head_valid;
    assign out_data  = head_data;

    assign push      = in_valid && in_ready;
    assign head_free = !head_valid || out_ready;

    always @(posedge clk) begin
        if (rst) begin
            head_valid  <= 1'b0;
            spare_valid <= 1'b0;
        end else if (head_free) begin
            head_valid  <= spare_valid || push;
            spare_valid <= 1'b0;
        end else if (push) begin
            spare_valid <= 1'b1;
        end
    end

    // Payload registers need no reset: the valid flags qualify them.
    always @(posedge clk) begin
        if (head_free)
            head_data <= spare_valid ? spare_data : in_data;
        if (push)
            spare_data <= in_data;
    end

endmodule

`default_nettype wire
