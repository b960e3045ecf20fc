// FAULT: 1 loses a write that comes right after another access, 2 acknowledges without a request, 3 err comes with ack,
// 4 reads one bit wrong, 5 reads X
module wb_regs #(parameter FAULT = 0, parameter WAIT = 1) (
  input clk, input rst,
  input wb_cyc_i, input wb_stb_i, input wb_we_i, input [5:0] wb_adr_i, input [31:0] wb_dat_i, input [3:0] wb_sel_i,
  input [2:0] wb_cti_i,
  output reg wb_ack_o, output wb_err_o, output [31:0] wb_dat_o
);
  reg [31:0] regs [0:15];
  reg [3:0] count;
  reg recent;
  integer i;
  wire [3:0] place = wb_adr_i[5:2];
  wire request = wb_cyc_i & wb_stb_i & !wb_ack_o;
  assign wb_dat_o = FAULT == 4 && place[0] ? regs[place] ^ 1 : FAULT == 5 && place[0] ? {32{1'bx}} : regs[place];
  assign wb_err_o = FAULT == 3 & wb_ack_o & place == 9;
  always @(posedge clk) begin
    wb_ack_o <= request && count + 1 >= WAIT || FAULT == 2 & wb_ack_o & place == 6;
    count <= request && count + 1 < WAIT ? count + 1 : 0;
    recent <= wb_ack_o;
    if (request && count + 1 >= WAIT && wb_we_i && !(FAULT == 1 && recent))
      for (i = 0; i < 4; i = i + 1) if (wb_sel_i[i]) regs[place][8*i +: 8] <= wb_dat_i[8*i +: 8];
    if (rst) begin
      {wb_ack_o, count, recent} <= 0;
      for (i = 0; i < 16; i = i + 1) regs[i] <= 0;
    end
  end
endmodule
