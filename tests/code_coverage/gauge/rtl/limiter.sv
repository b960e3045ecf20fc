module limiter #(
    parameter int CAP = 200
) (
    input  logic [7:0] reading,
    input  logic       bypass,
    output logic [7:0] level
);
  always_comb begin
    if (bypass) level = reading;
    else if (reading > CAP) level = 8'(CAP);
    else level = reading;
  end
endmodule
