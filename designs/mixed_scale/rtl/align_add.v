// align_add: adds a block to the accumulator at the greater of both exponents.
//
// What has the lesser exponent is shifted right and floored. A sum of more
// than 18 bits is halved (floored), its exponent goes up by one. Nothing is
// shifted for a term that is 0: the exponent is then that of the other one.
// Combinational.
`default_nettype none

module align_add (
    input  wire signed [17:0] sum,
    input  wire signed [5:0]  sum_exponent,
    input  wire signed [17:0] p,
    input  wire signed [3:0]  p_exponent,
    output wire signed [17:0] result,
    output wire signed [5:0]  exponent,
    output wire               grew
);

    localparam [4:0] ALL = 5'd18;

    wire               sum_is_zero;
    wire               p_is_zero;
    wire signed [5:0]  e;
    wire signed [6:0]  gap;
    wire        [6:0]  distance;
    wire        [4:0]  shift;
    wire signed [17:0] sum_term;
    wire signed [17:0] p_term;
    wire signed [18:0] total;
    wire signed [5:0]  common;

    assign sum_is_zero = sum == 18'sd0;
    assign p_is_zero   = p == 18'sd0;

    // Positive if the block has the greater exponent
    assign e        = {{2{p_exponent[3]}}, p_exponent};
    assign gap      = {e[5], e} - {sum_exponent[5], sum_exponent};
    assign distance = gap[6] ? 7'd0 - gap : gap;
    assign shift    = (distance > 7'd18) ? ALL : distance[4:0];

    assign sum_term = gap[6] ? sum : sum >>> shift;
    assign p_term   = gap[6] ? p >>> shift : p;
    assign total    = {sum_term[17], sum_term} + {p_term[17], p_term};
    assign grew     = !sum_is_zero && !p_is_zero && (total[18] != total[17]);
    assign common   = gap[6] ? sum_exponent : e;

    assign result   = sum_is_zero ? p :
                      p_is_zero   ? sum :
                      grew        ? total[18:1] : total[17:0];
    assign exponent = sum_is_zero ? e :
                      p_is_zero   ? sum_exponent :
                      grew        ? common + 6'sd1 : common;

endmodule

`default_nettype wire
