// drain_control: sends closed blocks into the pipeline, a header beat and
// eight element beats each.
//
// States (dbg): 0 IDLE  waits for a closed block
//               1 HEAD  offers the header beat
//               2 CODE  offers the element at `place`
//
// Format and shared exponent of a block are taken over (`load`) in the cycle
// before its HEAD: in IDLE, or with the last element of the block before. So
// blocks that wait follow each other without an idle cycle.
`default_nettype none

module drain_control (
    input  wire       clk,
    input  wire       rst,
    input  wire [1:0] full,
    // Scale of the block that is next
    output wire       next_buffer,
    input  wire [1:0] next_format,
    input  wire [3:0] next_exponent,
    input  wire       next_zero,
    // Element store
    output wire       read_buffer,
    output wire [2:0] read_place,
    output wire       free,
    // Beats into the pipeline
    output wire       beat_valid,
    input  wire       beat_ready,
    output wire       beat_head,
    output wire       beat_last,
    output wire [1:0] beat_format,
    output wire [3:0] beat_exponent,
    output wire       beat_zero,
    output wire [1:0] state
);

    localparam [1:0] IDLE = 2'd0;
    localparam [1:0] HEAD = 2'd1;
    localparam [1:0] CODE = 2'd2;

    localparam [2:0] LAST_PLACE = 3'd7;

    reg [1:0] phase;
    reg       drain_buffer;
    reg [2:0] place;
    reg [1:0] job_format;
    reg [3:0] job_exponent;
    reg       job_zero;

    wire last_taken;
    wire load;

    assign beat_valid = phase != IDLE;
    assign beat_head  = phase == HEAD;
    assign beat_last  = (phase == CODE) && (place == LAST_PLACE);
    assign last_taken = beat_last && beat_ready;

    assign next_buffer = (phase == IDLE) ? drain_buffer : !drain_buffer;
    assign load        = ((phase == IDLE) || last_taken) && full[next_buffer];

    assign read_buffer = drain_buffer;
    assign read_place  = place;
    assign free        = last_taken;

    assign beat_format   = job_format;
    assign beat_exponent = job_exponent;
    assign beat_zero     = job_zero;
    assign state         = phase;

    always @(posedge clk) begin
        if (rst)
            phase <= IDLE;
        else if (load)
            phase <= HEAD;
        else if (last_taken)
            phase <= IDLE;
        else if (beat_head && beat_ready)
            phase <= CODE;
    end

    always @(posedge clk) begin
        if (rst) begin
            drain_buffer <= 1'b0;
            place        <= 3'd0;
        end else begin
            if (last_taken)
                drain_buffer <= !drain_buffer;
            if ((phase == CODE) && beat_ready)
                place <= place + 3'd1; // 7 wraps to 0
        end
    end

    // The job needs no reset: phase qualifies it.
    always @(posedge clk) begin
        if (load) begin
            job_format   <= next_format;
            job_exponent <= next_exponent;
            job_zero     <= next_zero;
        end
    end

endmodule

`default_nettype wire
