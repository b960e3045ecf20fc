// gelu_table: how far GELU lies below max(x, 0).
//
// GELU(x) = x * Phi(x) = max(x, 0) - |x| * Phi(-|x|), Phi being the normal
// distribution. dip = round(128 * a * Phi(-a)) with a = place / 8: seven
// fraction bits, at most 22, and 0 from place 25 on. Combinational.
`default_nettype none

module gelu_table (
    input  wire [5:0] place,
    output reg  [4:0] dip
);

    always @* begin
        case (place)
            6'd1:     dip = 5'd7;
            6'd2:     dip = 5'd13;
            6'd3:     dip = 5'd17;
            6'd4:     dip = 5'd20;
            6'd5:     dip = 5'd21;
            6'd6:     dip = 5'd22;
            6'd7:     dip = 5'd21;
            6'd8:     dip = 5'd20;
            6'd9:     dip = 5'd19;
            6'd10:    dip = 5'd17;
            6'd11:    dip = 5'd15;
            6'd12:    dip = 5'd13;
            6'd13:    dip = 5'd11;
            6'd14:    dip = 5'd9;
            6'd15:    dip = 5'd7;
            6'd16:    dip = 5'd6;
            6'd17:    dip = 5'd5;
            6'd18:    dip = 5'd4;
            6'd19:    dip = 5'd3;
            6'd20:    dip = 5'd2;
            6'd21:    dip = 5'd1;
            6'd22:    dip = 5'd1;
            6'd23:    dip = 5'd1;
            6'd24:    dip = 5'd1;
            default: dip = 5'd0;
        endcase
    end

endmodule

`default_nettype wire
