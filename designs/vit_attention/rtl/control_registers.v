// control_registers: the registers of section 3 of the specification.
//
// Writes and reads come one a cycle each, already serialised. Events of the
// pipeline set bits of STATUS and ERROR; where an event and a write that
// clears meet in one cycle, the event wins. A read returns what the register
// holds at the beginning of its cycle.
`default_nettype none

module control_registers (
    input  wire        clk,
    input  wire        rst,
    // Accesses
    input  wire        wr_en,
    input  wire [3:0]  wr_word,
    input  wire [31:0] wr_data,
    input  wire [3:0]  wr_strb,
    output wire        wr_error,
    input  wire        rd_en,
    input  wire [3:0]  rd_word,
    output reg  [31:0] rd_data,
    output wire        rd_error,
    // Commands
    output wire [1:0]  job_write,
    output wire [14:0] job_word,
    output wire [11:0] exponents0,
    output wire [11:0] exponents1,
    output wire [1:0]  abort,
    output wire        commit,
    output wire        fixed_priority,
    output wire [1:0]  credit_write,
    output wire [6:0]  credit_in0,
    output wire [6:0]  credit_in1,
    // Events
    input  wire [1:0]  done,
    input  wire [1:0]  aborted,
    input  wire [1:0]  refused,
    input  wire [1:0]  overlong,
    input  wire        load_refused,
    input  wire [1:0]  range,
    input  wire        packet_end,
    // Levels for STATE: {in flight (3), aborting, waiting, active} of a context
    input  wire [5:0]  state0,
    input  wire [5:0]  state1,
    // Credits: {needs, credits (6)} of a context
    input  wire [6:0]  credit0,
    input  wire [6:0]  credit1,
    output wire        irq
);

    localparam [31:0] IDENTITY = 32'h56495431;

    localparam [3:0] ID     = 4'd0;
    localparam [3:0] CTRL   = 4'd1;
    localparam [3:0] STATUS = 4'd2;
    localparam [3:0] ERROR  = 4'd3;
    localparam [3:0] MASK   = 4'd4;
    localparam [3:0] STATE  = 4'd5;
    localparam [3:0] ARB    = 4'd6;
    localparam [3:0] COUNT  = 4'd7;
    localparam [3:0] JOB0   = 4'd8;
    localparam [3:0] JOB1   = 4'd9;
    localparam [3:0] EXP0   = 4'd10;
    localparam [3:0] EXP1   = 4'd11;
    localparam [3:0] CREDIT = 4'd12;
    localparam [3:0] COAL   = 4'd13;

    reg [3:0]  status;
    reg [7:0]  error;
    reg [4:0]  mask;
    reg        priority_fixed;
    reg [7:0]  count;
    reg [14:0] job0;
    reg [14:0] job1;
    reg [11:0] exp0;
    reg [11:0] exp1;
    reg [3:0]  threshold;
    reg [7:0]  timeout;

    wire        raised;
    wire        low_byte;
    wire [7:0]  low_data;
    wire        wr_ctrl;
    wire [3:0]  status_clear;
    wire [7:0]  error_clear;
    wire        count_clear;
    wire [7:0]  count_base;
    wire [14:0] job_old;
    wire [14:0] job_new;
    wire [11:0] exp_old;
    wire [11:0] exp_new;
    wire [15:0] wr_data_unused;
    wire [1:0]  wr_strb_unused;

    assign wr_data_unused = wr_data[31:16];
    assign wr_strb_unused = wr_strb[3:2];

    assign low_byte = wr_strb[0];
    assign low_data = wr_data[7:0];

    // Read-only registers, and words that do not exist.
    assign wr_error = (wr_word == ID) || (wr_word == STATE) || (wr_word == COUNT) || (wr_word > COAL);
    assign rd_error = rd_word > COAL;

    assign wr_ctrl = wr_en && (wr_word == CTRL) && low_byte;
    assign abort   = {2{wr_ctrl}} & low_data[1:0];
    assign commit  = wr_ctrl && low_data[2];

    // A job register keeps the bytes that a write leaves out.
    assign job_old   = wr_word[0] ? job1 : job0;
    assign job_new   = {wr_strb[1] ? wr_data[14:8] : job_old[14:8], low_byte ? low_data : job_old[7:0]};
    assign job_write = {wr_en && (wr_word == JOB1), wr_en && (wr_word == JOB0)};
    assign job_word  = job_new;

    assign exp_old    = wr_word[0] ? exp1 : exp0;
    assign exp_new    = {wr_strb[1] ? wr_data[11:8] : exp_old[11:8], low_byte ? low_data : exp_old[7:0]};
    assign exponents0 = exp0;
    assign exponents1 = exp1;

    assign fixed_priority = priority_fixed;

    assign status_clear = (wr_en && (wr_word == STATUS) && low_byte) ? low_data[3:0] : 4'd0;
    assign error_clear  = (wr_en && (wr_word == ERROR) && low_byte) ? low_data : 8'd0;
    assign count_clear  = rd_en && (rd_word == COUNT);
    assign count_base   = count_clear ? 8'd0 : count;

    assign credit_write = {2{wr_en && (wr_word == CREDIT)}} & wr_strb[1:0];
    assign credit_in0   = {wr_data[7], wr_data[5:0]};
    assign credit_in1   = {wr_data[15], wr_data[13:8]};

    assign raised = |({error != 8'd0, status} & mask);

    interrupt_moderation moderation (
        .clk       (clk),
        .rst       (rst),
        .threshold (threshold),
        .timeout   (timeout),
        .raised    (raised),
        .events    ({aborted, done} & mask[3:0]),
        .irq       (irq)
    );

    always @(posedge clk) begin
        if (rst) begin
            status <= 4'd0;
            error  <= 8'd0;
            count  <= 8'd0;
        end else begin
            status <= (status & ~status_clear) | {aborted, done};
            error  <= (error & ~error_clear)
                    | {(wr_en && wr_error) || (rd_en && rd_error), range, load_refused, overlong, refused};
            if (packet_end && (count_base != 8'hff))
                count <= count_base + 8'd1;
            else
                count <= count_base;
        end
    end

    always @(posedge clk) begin
        if (rst) begin
            mask           <= 5'd0;
            priority_fixed <= 1'b0;
            job0           <= 15'd0;
            job1           <= 15'd0;
            exp0           <= 12'd0;
            exp1           <= 12'd0;
            threshold      <= 4'd0;
            timeout        <= 8'd0;
        end else if (wr_en) begin
            if (wr_word == MASK && low_byte)
                mask <= low_data[4:0];
            if (wr_word == ARB && low_byte)
                priority_fixed <= low_data[0];
            if (wr_word == JOB0)
                job0 <= job_new;
            if (wr_word == JOB1)
                job1 <= job_new;
            if (wr_word == EXP0)
                exp0 <= exp_new;
            if (wr_word == EXP1)
                exp1 <= exp_new;
            if (wr_word == COAL && low_byte)
                threshold <= low_data[3:0];
            if (wr_word == COAL && wr_strb[1])
                timeout <= wr_data[15:8];
        end
    end

    always @* begin
        case (rd_word)
            ID:      rd_data = IDENTITY;
            STATUS:  rd_data = {27'd0, error != 8'd0, status};
            ERROR:   rd_data = {24'd0, error};
            MASK:    rd_data = {27'd0, mask};
            STATE:   rd_data = {18'd0, state1, 2'd0, state0};
            ARB:     rd_data = {31'd0, priority_fixed};
            COUNT:   rd_data = {24'd0, count};
            JOB0:    rd_data = {17'd0, job0};
            JOB1:    rd_data = {17'd0, job1};
            EXP0:    rd_data = {20'd0, exp0};
            EXP1:    rd_data = {20'd0, exp1};
            CREDIT:  rd_data = {16'd0, credit1[6], 1'b0, credit1[5:0], credit0[6], 1'b0, credit0[5:0]};
            COAL:    rd_data = {16'd0, timeout, 4'd0, threshold};
            default: rd_data = 32'd0;
        endcase
    end

endmodule

`default_nettype wire
