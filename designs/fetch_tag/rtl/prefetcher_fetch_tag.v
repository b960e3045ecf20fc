// Prefetches for one node: a list of neighbours, their features, and scale factors. See ../spec.md.
module prefetcher_fetch_tag #(
    parameter TAG = 0
) (
    input wire core_clk,
    input wire resetn,
    // requests of the node scoreboard, and answers
    input wire nsb_prefetcher_req_valid,
    output wire nsb_prefetcher_req_ready,
    input wire [76:0] nsb_prefetcher_req,
    output wire nsb_prefetcher_resp_valid,
    input wire nsb_prefetcher_resp_ready,
    output wire [15:0] nsb_prefetcher_resp,
    // allocation
    input wire allocation_valid,
    input wire [5:0] allocation_nodeslot,
    input wire [9:0] allocation_feature_count,
    input wire deallocation_valid,
    output reg tag_free,
    // memory of neighbours
    output wire fetch_tag_adj_rm_req_valid,
    input wire fetch_tag_adj_rm_req_ready,
    output wire [33:0] fetch_tag_adj_rm_start_address,
    output wire [17:0] fetch_tag_adj_rm_byte_count,
    input wire fetch_tag_adj_rm_resp_valid,
    output wire fetch_tag_adj_rm_resp_ready,
    input wire fetch_tag_adj_rm_resp_last,
    input wire [511:0] fetch_tag_adj_rm_resp_data,
    input wire [3:0] fetch_tag_adj_rm_resp_axi_id,
    // memory of features and of scale factors
    output wire fetch_tag_msg_rm_req_valid,
    input wire fetch_tag_msg_rm_req_ready,
    output wire [33:0] fetch_tag_msg_rm_start_address,
    output wire [17:0] fetch_tag_msg_rm_byte_count,
    input wire fetch_tag_msg_rm_resp_valid,
    output wire fetch_tag_msg_rm_resp_ready,
    input wire fetch_tag_msg_rm_resp_last,
    input wire [511:0] fetch_tag_msg_rm_resp_data,
    input wire [3:0] fetch_tag_msg_rm_resp_axi_id,
    // message channel
    input wire message_channel_req_valid,
    output wire message_channel_req_ready,
    input wire [11:0] message_channel_req,
    output wire message_channel_resp_valid,
    input wire message_channel_resp_ready,
    output wire [513:0] message_channel_resp,
    // scale factors
    input wire scale_factor_queue_pop,
    output wire scale_factor_queue_out_valid,
    output wire [31:0] scale_factor_queue_out_data,
    output wire [10:0] scale_factor_queue_count,
    output wire scale_factor_queue_empty,
    output wire scale_factor_queue_full,
    // where the lists stand
    input wire [31:0] layer_config_adjacency_list_address_lsb_value,
    input wire [31:0] layer_config_in_messages_address_lsb_value,
    input wire [31:0] layer_config_scale_factors_address_lsb_value,
    input wire [1:0] layer_config_scale_factors_address_msb_value
);
  localparam [2:0] ADJACENCY = 3'd1, MESSAGES = 3'd2, SCALE = 3'd3;

  wire [2:0] opcode = nsb_prefetcher_req[76:74];
  wire [33:0] start_address = nsb_prefetcher_req[73:40];
  wire [5:0] nodeslot = nsb_prefetcher_req[17:12];
  wire [9:0] neighbours = nsb_prefetcher_req[9:0];
  // The feature counts, the precision, and what tells the last beat and its source do not matter here.
  wire unused = &{1'b0, nsb_prefetcher_req[39:18], nsb_prefetcher_req[11:10], fetch_tag_adj_rm_resp_last,
                  fetch_tag_adj_rm_resp_axi_id, fetch_tag_msg_rm_resp_last, fetch_tag_msg_rm_resp_axi_id,
                  message_channel_req[5:0], adj_partial, scale_partial, adj_data[479:0], 1'b0};

  reg [5:0] allocated;
  reg [9:0] features;
  reg serving;

  wire adj_idle, adj_more, adj_partial, adj_push, adj_pop, adj_done, adj_taken;
  wire scale_idle, scale_more, scale_partial, scale_push, scale_done, scale_taken;
  wire msg_idle, msg_reads, msg_push, msg_pop, msg_waits, msg_waits_taken, msg_done, msg_taken;
  wire msg_ask, msg_beat_ready, scale_ask, scale_beat_ready;
  wire [511:0] adj_data, scale_data, msg_head;
  wire [31:0] adj_head;
  wire [6:0] adj_count;
  wire [12:0] msg_count;
  wire [33:0] scale_address, msg_address;
  wire [17:0] scale_bytes;
  wire [6:0] beats = {1'b0, features[9:4]} + {6'd0, |features[3:0]};

  // Requests: one is accepted if the tag is allocated to its node, and the queue that it fills is empty.
  wire mine = !tag_free && nodeslot == allocated;
  wire adj_ready = opcode == ADJACENCY && adj_idle && adj_count == 7'd0;
  wire scale_ready = opcode == SCALE && scale_idle && scale_factor_queue_empty;
  wire msg_ready = opcode == MESSAGES && msg_idle && adj_count != 7'd0;
  wire accepted = nsb_prefetcher_req_valid && nsb_prefetcher_req_ready;

  assign nsb_prefetcher_req_ready = mine && (adj_ready || scale_ready || msg_ready);

  object_fetch #(
      .UNPACK(1)
  ) u_adjacency (
      .clk(core_clk),
      .rst_n(resetn),
      .start_i(accepted && opcode == ADJACENCY),
      .address_i(start_address),
      .count_i(neighbours),
      .base_i({2'd0, layer_config_adjacency_list_address_lsb_value}),
      .idle_o(adj_idle),
      .more_o(adj_more),
      .partial_o(adj_partial),
      .may_ask_i(1'b1),
      .ask_valid_o(fetch_tag_adj_rm_req_valid),
      .ask_ready_i(fetch_tag_adj_rm_req_ready),
      .ask_address_o(fetch_tag_adj_rm_start_address),
      .ask_bytes_o(fetch_tag_adj_rm_byte_count),
      .beat_valid_i(fetch_tag_adj_rm_resp_valid),
      .beat_ready_o(fetch_tag_adj_rm_resp_ready),
      .beat_i(fetch_tag_adj_rm_resp_data),
      .room_i(10'd64 - {3'd0, adj_count}),
      .push_o(adj_push),
      .data_o(adj_data),
      .done_o(adj_done),
      .taken_i(adj_taken)
  );

  word_queue #(
      .WIDTH(32),
      .LOG_DEPTH(6)
  ) u_addresses (
      .clk(core_clk),
      .rst_n(resetn),
      .push_i(adj_push),
      .data_i(adj_data[511:480]),
      .pop_i(adj_pop),
      .head_o(adj_head),
      .count_o(adj_count)
  );

  // The second memory port serves one list of scale factors, or one neighbour, at a time; scale factors go first.
  object_fetch #(
      .UNPACK(0)
  ) u_scale (
      .clk(core_clk),
      .rst_n(resetn),
      .start_i(accepted && opcode == SCALE),
      .address_i(start_address),
      .count_i(neighbours),
      .base_i({layer_config_scale_factors_address_msb_value, layer_config_scale_factors_address_lsb_value}),
      .idle_o(scale_idle),
      .more_o(scale_more),
      .partial_o(scale_partial),
      .may_ask_i(!msg_reads),
      .ask_valid_o(scale_ask),
      .ask_ready_i(fetch_tag_msg_rm_req_ready),
      .ask_address_o(scale_address),
      .ask_bytes_o(scale_bytes),
      .beat_valid_i(fetch_tag_msg_rm_resp_valid),
      .beat_ready_o(scale_beat_ready),
      .beat_i(fetch_tag_msg_rm_resp_data),
      .room_i(10'd1023),
      .push_o(scale_push),
      .data_o(scale_data),
      .done_o(scale_done),
      .taken_i(scale_taken)
  );

  scale_queue u_factors (
      .clk(core_clk),
      .rst_n(resetn),
      .push_i(scale_push),
      .data_i(scale_data),
      .pop_i(scale_factor_queue_pop),
      .head_o(scale_factor_queue_out_data),
      .count_o(scale_factor_queue_count)
  );

  assign scale_factor_queue_empty = scale_factor_queue_count == 11'd0;
  assign scale_factor_queue_full = scale_factor_queue_count == 11'd1024;
  assign scale_factor_queue_out_valid = !scale_factor_queue_empty;

  message_fetch u_messages (
      .clk(core_clk),
      .rst_n(resetn),
      .start_i(accepted && opcode == MESSAGES),
      .beats_i(beats),
      .idle_o(msg_idle),
      .reads_o(msg_reads),
      .may_ask_i(!scale_more),
      .address_i({2'd0, layer_config_in_messages_address_lsb_value} + {2'd0, adj_head}),
      .address_valid_i(adj_count != 7'd0),
      .address_more_i(adj_more),
      .pop_o(adj_pop),
      .ask_valid_o(msg_ask),
      .ask_address_o(msg_address),
      .ask_ready_i(fetch_tag_msg_rm_req_ready),
      .beat_valid_i(fetch_tag_msg_rm_resp_valid),
      .beat_ready_o(msg_beat_ready),
      .room_i(13'd4096 - msg_count),
      .push_o(msg_push),
      .waits_o(msg_waits),
      .waits_taken_i(msg_waits_taken),
      .done_o(msg_done),
      .taken_i(msg_taken)
  );

  word_queue #(
      .WIDTH(512),
      .LOG_DEPTH(12)
  ) u_features (
      .clk(core_clk),
      .rst_n(resetn),
      .push_i(msg_push),
      .data_i(fetch_tag_msg_rm_resp_data),
      .pop_i(msg_pop),
      .head_o(msg_head),
      .count_o(msg_count)
  );

  assign fetch_tag_msg_rm_req_valid = scale_ask || msg_ask;
  assign fetch_tag_msg_rm_start_address = scale_ask ? scale_address : msg_address;
  assign fetch_tag_msg_rm_byte_count = scale_ask ? scale_bytes : {5'd0, beats, 6'd0};
  assign fetch_tag_msg_rm_resp_ready = scale_beat_ready || msg_beat_ready;

  // Message channel: asked for once an allocation, then everything that is there, or comes, leaves.
  assign message_channel_req_ready = msg_count != 13'd0 && msg_idle && !serving && message_channel_req[11:6] == allocated;
  assign message_channel_resp_valid = serving && msg_count != 13'd0;
  assign message_channel_resp = {msg_head, msg_count <= {6'd0, beats}, msg_count == 13'd1};
  assign msg_pop = message_channel_resp_valid && message_channel_resp_ready;

  answer_slot u_answers (
      .clk(core_clk),
      .rst_n(resetn),
      .nodeslot_i(allocated),
      .adjacency_i(adj_done),
      .scale_i(scale_done),
      .waits_i(msg_waits),
      .message_i(msg_done),
      .adjacency_taken_o(adj_taken),
      .scale_taken_o(scale_taken),
      .waits_taken_o(msg_waits_taken),
      .message_taken_o(msg_taken),
      .valid_o(nsb_prefetcher_resp_valid),
      .ready_i(nsb_prefetcher_resp_ready),
      .nodeslot_o(nsb_prefetcher_resp[15:10]),
      .kind_o(nsb_prefetcher_resp[9:7]),
      .partial_o(nsb_prefetcher_resp[0])
  );

  localparam [5:0] MY_TAG = TAG[5:0];
  assign nsb_prefetcher_resp[6:1] = MY_TAG;

  wire at_rest = adj_count == 7'd0 && msg_count == 13'd0 && adj_idle && scale_idle && msg_idle;

  always @(posedge core_clk or negedge resetn) begin
    if (!resetn) begin
      tag_free <= 1'b1;
      allocated <= 6'd0;
      features <= 10'd0;
      serving <= 1'b0;
    end else begin
      if (tag_free && allocation_valid) begin
        tag_free  <= 1'b0;
        allocated <= allocation_nodeslot;
        features  <= allocation_feature_count;
        serving   <= 1'b0;
      end else begin
        if (deallocation_valid && at_rest) tag_free <= 1'b1;
        if (message_channel_req_valid && message_channel_req_ready) serving <= 1'b1;
      end
    end
  end
endmodule
