// fill_control: counts elements to blocks of eight, and keeps what is known
// of each closed block until it is drained.
//
// The first element of a block brings its format. With the eighth one the
// block is closed: its buffer counts as full from the next cycle on, and
// format and peak of the block are stored beside the buffer.
//
// The two buffers are used in turn. A block may be closed in the cycle in
// which the other buffer is freed.
`default_nettype none

module fill_control (
    input  wire        clk,
    input  wire        rst,
    input  wire [15:0] in_x,
    input  wire [1:0]  in_fmt,
    input  wire        in_valid,
    output wire        in_ready,
    // Element store
    output wire        write,
    output wire        write_buffer,
    output wire [2:0]  write_place,
    // Blocks, seen by the drain
    input  wire        free,
    input  wire        free_buffer,
    input  wire        read_buffer,
    output wire [1:0]  read_format,
    output wire [15:0] read_peak,
    output wire [1:0]  full,
    output wire [2:0]  fill
);

    localparam [2:0] LAST_PLACE = 3'd7;

    reg        fill_buffer;
    reg [1:0]  full_flags;
    reg [2:0]  count;
    reg [1:0]  open_format;
    reg [1:0]  format0;
    reg [1:0]  format1;
    reg [15:0] peak0;
    reg [15:0] peak1;

    wire        first;
    wire        close;
    wire [15:0] peak;
    wire [1:0]  closed_flags;
    wire [1:0]  freed_flags;

    assign in_ready = !full_flags[fill_buffer];
    assign write    = in_valid && in_ready;
    assign first    = count == 3'd0;
    assign close    = write && (count == LAST_PLACE);

    assign write_buffer = fill_buffer;
    assign write_place  = count;

    assign full = full_flags;
    assign fill = count;

    peak_tracker tracker (
        .clk   (clk),
        .take  (write),
        .first (first),
        .x     (in_x),
        .peak  (peak)
    );

    // The buffer that is closed is never the one that is freed.
    assign closed_flags = {close && fill_buffer, close && !fill_buffer};
    assign freed_flags  = {free && free_buffer, free && !free_buffer};

    always @(posedge clk) begin
        if (rst) begin
            fill_buffer <= 1'b0;
            full_flags  <= 2'b00;
            count       <= 3'd0;
        end else begin
            full_flags <= (full_flags | closed_flags) & ~freed_flags;
            if (close)
                fill_buffer <= !fill_buffer;
            if (write)
                count <= count + 3'd1; // 7 wraps to 0
        end
    end

    // Code 3 of in_fmt means the same as 2.
    always @(posedge clk) begin
        if (write && first)
            open_format <= {in_fmt[1], in_fmt[0] && !in_fmt[1]};
    end

    // Facts about closed blocks need no reset: the full flags qualify them.
    always @(posedge clk) begin
        if (close && !fill_buffer) begin
            format0 <= open_format;
            peak0   <= peak;
        end
        if (close && fill_buffer) begin
            format1 <= open_format;
            peak1   <= peak;
        end
    end

    assign read_format = read_buffer ? format1 : format0;
    assign read_peak   = read_buffer ? peak1 : peak0;

endmodule

`default_nettype wire
