// root_lut: inverse square root of a number in [1, 4).
//
// index = {odd, f}: factor = round(128 / sqrt((1 + f/16) * 2^odd)), so
// 65 <= factor <= 128. Combinational.
`default_nettype none

module root_lut (
    input  wire [4:0] index,
    output reg  [7:0] factor
);

    always @* begin
        case (index)
            5'd0:    factor = 8'd128;
            5'd1:    factor = 8'd124;
            5'd2:    factor = 8'd121;
            5'd3:    factor = 8'd117;
            5'd4:    factor = 8'd114;
            5'd5:    factor = 8'd112;
            5'd6:    factor = 8'd109;
            5'd7:    factor = 8'd107;
            5'd8:    factor = 8'd105;
            5'd9:    factor = 8'd102;
            5'd10:   factor = 8'd100;
            5'd11:   factor = 8'd99;
            5'd12:   factor = 8'd97;
            5'd13:   factor = 8'd95;
            5'd14:   factor = 8'd93;
            5'd15:   factor = 8'd92;
            5'd16:   factor = 8'd91;
            5'd17:   factor = 8'd88;
            5'd18:   factor = 8'd85;
            5'd19:   factor = 8'd83;
            5'd20:   factor = 8'd81;
            5'd21:   factor = 8'd79;
            5'd22:   factor = 8'd77;
            5'd23:   factor = 8'd75;
            5'd24:   factor = 8'd74;
            5'd25:   factor = 8'd72;
            5'd26:   factor = 8'd71;
            5'd27:   factor = 8'd70;
            5'd28:   factor = 8'd68;
            5'd29:   factor = 8'd67;
            5'd30:   factor = 8'd66;
            default: factor = 8'd65;
        endcase
    end

endmodule

`default_nettype wire
