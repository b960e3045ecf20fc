// context_control: one context: the job it works on, the job that waits
// behind it, its credits, and the clean-up after an abort.
//
// A job is done with the end of its last packet; the job that waits follows
// in the next cycle. An abort drops the job that waits, closes the input of
// the context, and lasts until no row of the context is in flight.
//
// A context that needs credits takes one with each row that begins, and gets
// it back from a row that leaves as a marker. Credits outlast jobs and aborts.
//
// Precedence in one cycle: the end of a job before an abort; what a job
// register asks for is judged by the state at the beginning of the cycle.
`default_nettype none

module context_control (
    input  wire        clk,
    input  wire        rst,
    input  wire        job_write,
    input  wire [26:0] job_in,
    input  wire        abort,
    input  wire        row_begin,
    input  wire        packet_end,
    input  wire        credit_write,
    input  wire [6:0]  credit_in,
    input  wire        credit_back,
    output wire        charged,
    output wire [6:0]  credit,
    output wire [23:0] job,
    output wire        active,
    output wire        accepting,
    output wire        abort_take,
    output wire        done,
    output wire        aborted,
    output wire        refused,
    output wire [5:0]  state
);

    reg        running;
    reg        waiting;
    reg        aborting;
    reg [26:0] job_now;
    reg [26:0] job_next;
    reg [3:0]  begun;
    reg [3:0]  ended;
    reg [2:0]  in_flight;
    reg        needs;
    reg [5:0]  credits;

    wire [3:0] total;
    wire       finish;
    wire       cleaned;
    wire       begin_job;
    wire       queue_job;
    wire       has_credit;
    wire [6:0] credits_next;

    // 0 means eight rows.
    assign total = {job_now[2:0] == 3'd0, job_now[2:0]};

    assign finish    = packet_end && !aborting && (ended + 4'd1 == total);
    assign cleaned   = aborting && (in_flight == 3'd0);
    assign refused   = job_write && (aborting || waiting);
    assign begin_job = job_write && !aborting && !waiting && (!running || finish);
    assign queue_job = job_write && !aborting && !waiting && running && !finish;

    assign job        = job_now[26:3];
    assign active     = running;
    assign accepting  = running && !aborting && (begun != total) && has_credit;
    assign abort_take = abort && running && !aborting;
    assign done       = finish;
    assign aborted    = cleaned;
    assign state      = {in_flight, aborting, waiting, running};

    always @(posedge clk) begin
        if (rst) begin
            running  <= 1'b0;
            waiting  <= 1'b0;
            aborting <= 1'b0;
        end else begin
            if (begin_job)
                running <= 1'b1;
            else if (cleaned || (finish && !waiting))
                running <= 1'b0;
            if (queue_job)
                waiting <= 1'b1;
            else if (finish || abort_take)
                waiting <= 1'b0;
            // An abort that meets the end of a job is for the one behind it.
            if (abort_take && (!finish || waiting))
                aborting <= 1'b1;
            else if (cleaned)
                aborting <= 1'b0;
        end
    end

    // More than 63 do not count.
    assign has_credit   = !needs || (credits != 6'd0);
    assign charged      = row_begin && needs && (credits != 6'd0);
    assign credit       = {needs, credits};
    assign credits_next = {1'b0, credits} + (credit_write ? {1'b0, credit_in[5:0]} : 7'd0)
                        + {6'd0, credit_back} - {6'd0, charged};

    always @(posedge clk) begin
        if (rst) begin
            needs   <= 1'b0;
            credits <= 6'd0;
        end else begin
            if (credit_write)
                needs <= credit_in[6];
            credits <= credits_next[6] ? 6'd63 : credits_next[5:0];
        end
    end

    always @(posedge clk) begin
        if (rst) begin
            begun     <= 4'd0;
            ended     <= 4'd0;
            in_flight <= 3'd0;
        end else begin
            if (finish || cleaned)
                begun <= 4'd0;
            else if (row_begin)
                begun <= begun + 4'd1;
            if (finish || cleaned)
                ended <= 4'd0;
            else if (packet_end)
                ended <= ended + 4'd1;
            in_flight <= in_flight + {2'd0, row_begin} - {2'd0, packet_end};
        end
    end

    // Jobs need no reset: the flags qualify them.
    always @(posedge clk) begin
        if (begin_job)
            job_now <= job_in;
        else if (finish)
            job_now <= job_next;
        if (queue_job)
            job_next <= job_in;
    end

endmodule

`default_nettype wire
