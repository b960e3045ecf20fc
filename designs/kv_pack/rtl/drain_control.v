// drain_control: carries out commands, one after the other, and offers the
// words.
//
// Phases (dbg state): 0 IDLE  waits for a command and takes it
//                     1 PARAM offers low and range of a line
//                     2 LOAD  eight elements of the line to the lanes
//                     3 DIV   four or two division steps
//                     4 CODE  offers two words (four bit) or one (two bit)
//                     5 RESID offers the tokens of a residual group
//                     6 END   offers an END word
//                     7 DONE  frees the buffer
// Commands: {action[1:0], buffer, place[3:0], gran, bits}, see fill_control.
`default_nettype none

module drain_control (
    input  wire        clk,
    input  wire        rst,
    input  wire [8:0]  command,
    input  wire        command_valid,
    output wire        command_ready,
    // What is read from store, trackers and quantiser
    output wire        read_buffer,
    output wire [3:0]  read_place,
    output wire [2:0]  read_channel,
    output wire        token_mode,
    output wire        two_bit,
    output wire        latch,
    output wire        load,
    output wire        step,
    output wire        word_index,
    input  wire [63:0] token,
    input  wire [7:0]  low,
    input  wire [7:0]  range,
    input  wire [15:0] code_word,
    // Buffers that are free again
    output wire        free,
    // Words: {last, kind[1:0], data[15:0]}
    output wire [18:0] out_word,
    output wire        out_valid,
    input  wire        out_ready,
    output wire [2:0]  state
);

    localparam [2:0] IDLE  = 3'd0;
    localparam [2:0] PARAM = 3'd1;
    localparam [2:0] LOAD  = 3'd2;
    localparam [2:0] DIV   = 3'd3;
    localparam [2:0] CODE  = 3'd4;
    localparam [2:0] RESID = 3'd5;
    localparam [2:0] END   = 3'd6;
    localparam [2:0] DONE  = 3'd7;

    // Actions of a command; 0 and 1 are complete groups.
    localparam [1:0] ACT_GROUP_END = 2'd1;
    localparam [1:0] ACT_RESID     = 2'd2;
    localparam [1:0] ACT_END       = 2'd3;

    // Kinds of a word
    localparam [1:0] KIND_PARAM = 2'd0;
    localparam [1:0] KIND_CODE  = 2'd1;
    localparam [1:0] KIND_RESID = 2'd2;
    localparam [1:0] KIND_END   = 2'd3;

    reg [2:0] phase;
    reg [8:0] job;
    reg [2:0] channel;
    reg       half;
    reg [1:0] step_count;
    reg [5:0] index;

    wire [1:0]  next_action;
    wire [1:0]  action;
    wire [3:0]  last_place;
    wire        taken;
    wire        last_step;
    wire        last_word;
    wire        last_half;
    wire        last_line;
    wire        last_resid;
    reg  [15:0] resid_word;

    assign command_ready = phase == IDLE;
    assign next_action   = command[8:7];

    assign action      = job[8:7];
    assign read_buffer = job[6];
    assign last_place  = job[5:2];
    assign token_mode  = job[1];
    assign two_bit     = job[0];

    assign out_valid = (phase == PARAM) || (phase == CODE) || (phase == RESID) || (phase == END);
    assign taken     = out_valid && out_ready;

    // index counts the words of CODE (bit 0 only) or of RESID (place, word).
    assign last_step  = step_count == (two_bit ? 2'd1 : 2'd3);
    assign last_word  = two_bit || index[0];
    assign last_half  = token_mode || half;
    assign last_line  = token_mode || (channel == 3'd7);
    assign last_resid = index == {last_place, 2'b11};

    assign read_channel = channel;
    assign read_place   = (phase == RESID) ? index[5:2] : {half, 3'b000};

    assign latch      = phase == PARAM;
    assign load       = phase == LOAD;
    assign step       = phase == DIV;
    assign word_index = index[0];
    assign free       = phase == DONE;
    assign state      = phase;

    // Phase; a group ends in DONE, an END word may follow.
    always @(posedge clk) begin
        if (rst) begin
            phase <= IDLE;
        end else begin
            case (phase)
                IDLE:
                    if (command_valid)
                        phase <= (next_action == ACT_END)   ? END :
                                 (next_action == ACT_RESID) ? RESID : PARAM;
                PARAM:   if (out_ready) phase <= LOAD;
                LOAD:    phase <= DIV;
                DIV:     if (last_step) phase <= CODE;
                CODE:
                    if (out_ready && last_word)
                        phase <= !last_half ? LOAD :
                                 !last_line ? PARAM : DONE;
                RESID:   if (out_ready && last_resid) phase <= DONE;
                END:     if (out_ready) phase <= IDLE;
                default: phase <= (action == ACT_GROUP_END) ? END : IDLE;
            endcase
        end
    end

    always @(posedge clk) begin
        if (command_valid && command_ready)
            job <= command;
    end

    // Place in the group: channel and half of the line that is coded.
    always @(posedge clk) begin
        if (rst) begin
            channel <= 3'd0;
            half    <= 1'b0;
        end else if ((phase == CODE) && out_ready && last_word && !token_mode) begin
            half <= !half;
            if (half)
                channel <= channel + 3'd1;
        end
    end

    // Counters of division steps and words. They end at 0 by themselves or
    // are cleared before they are used.
    always @(posedge clk) begin
        if (phase == LOAD)
            step_count <= 2'd0;
        else if (phase == DIV)
            step_count <= step_count + 2'd1;
        if ((phase == IDLE) || (phase == LOAD))
            index <= 6'd0;
        else if (taken)
            index <= index + 6'd1;
    end

    always @* begin
        case (index[1:0])
            2'd0:    resid_word = token[15:0];
            2'd1:    resid_word = token[31:16];
            2'd2:    resid_word = token[47:32];
            default: resid_word = token[63:48];
        endcase
    end

    assign out_word = (phase == PARAM) ? {1'b0, KIND_PARAM, low, range} :
                      (phase == CODE)  ? {1'b0, KIND_CODE, code_word} :
                      (phase == RESID) ? {last_resid, KIND_RESID, resid_word} :
                                         {1'b1, KIND_END, 16'd0};

endmodule

`default_nettype wire
