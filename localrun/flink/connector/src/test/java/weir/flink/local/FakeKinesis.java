package weir.flink.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import weir.flink.streams.PropertyGroup;

/**
 * A stream of Kinesis on a free port of this machine: as much of the service's API
 * (https://docs.aws.amazon.com/kinesis/latest/APIReference/) as the connector asks.
 */
final class FakeKinesis implements AutoCloseable {
    static final String ARN = "arn:aws:kinesis:eu-central-1:111122223333:stream/events";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int DISCONNECTED = -1;
    private static final String PROTOCOL = "application/x-amz-json-1.1";

    static {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // or each answer would wait 40 ms for an acknowledgement
    }

    private record Stored(String sequence, String key, byte[] data, long arrival) {}

    private record Failure(int status, String type) {}

    private static final class Shard {
        private final List<String> parents;
        private final List<Stored> records = new ArrayList<>();
        private boolean closed;

        Shard(List<String> parents) {
            this.parents = parents;
        }
    }

    private final HttpServer server;
    private final Map<String, Shard> shards = new LinkedHashMap<>();
    private final Map<String, Deque<Failure>> failures = new HashMap<>();
    private final Map<String, Integer> asked = new HashMap<>();
    private int refusedRecords;
    private long sequence;
    private long clock = 1_795_420_800_000L;

    FakeKinesis(int shards) throws IOException {
        for (int number = 0; number < shards; number++) {
            add();
        }
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        }));
        server.createContext("/", this::answer);
        server.start();
    }

    /** The property group of a source or sink. */
    PropertyGroup group(String... more) {
        Map<String, String> values = new HashMap<>(Map.of(
                "stream.arn", ARN,
                "aws.region", "eu-central-1",
                "aws.endpoint", "http://127.0.0.1:" + server.getAddress().getPort(),
                "aws.credentials.provider", "BASIC",
                "aws.credentials.provider.basic.accesskeyid", "test",
                "aws.credentials.provider.basic.secretkey", "test",
                "source.init.position", "TRIM_HORIZON",
                "source.shard.discovery.interval", "50 ms",
                "source.reader.empty-records-fetch-interval", "10 ms"));
        for (int place = 0; place < more.length; place += 2) {
            values.put(more[place], more[place + 1]);
        }
        return new PropertyGroup("events", values);
    }

    /** A new shard; its parents are closed. */
    synchronized String add(String... parents) {
        String id = String.format("shardId-%012d", shards.size());
        for (String parent : parents) {
            shards.get(parent).closed = true;
        }
        shards.put(id, new Shard(List.of(parents)));
        return id;
    }

    synchronized void put(String shard, String key, String text) {
        shards.get(shard).records.add(new Stored(Long.toString(++sequence), key, text.getBytes(UTF_8), clock++));
    }

    /** Texts of all records, shard by shard. */
    synchronized List<String> texts() {
        return shards.values().stream()
                .flatMap(shard -> shard.records.stream())
                .map(record -> new String(record.data, UTF_8))
                .toList();
    }

    /** The next request of this action is answered so. */
    synchronized void fail(String action, int status, String type) {
        failures.computeIfAbsent(action, none -> new ArrayDeque<>()).add(new Failure(status, type));
    }

    /** The next request of this action is not answered: the connection ends. */
    void disconnect(String action) {
        fail(action, DISCONNECTED, "");
    }

    /** So many of the next records of PutRecords are not taken. */
    synchronized void refuse(int records) {
        refusedRecords = records;
    }

    synchronized int asked(String action) {
        return asked.getOrDefault(action, 0);
    }

    /** As the shard's clock says, in milliseconds since the epoch. */
    synchronized void setClock(long milliseconds) {
        clock = milliseconds;
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        String target = exchange.getRequestHeaders().getFirst("X-Amz-Target");
        String action = target.substring(target.indexOf('.') + 1);
        JsonNode request = JSON.readTree(exchange.getRequestBody());
        asked.merge(action, 1, Integer::sum);
        Deque<Failure> planned = failures.get(action);
        ObjectNode body = JSON.createObjectNode();
        int status = 200;
        if (planned != null && !planned.isEmpty()) {
            Failure failure = planned.poll();
            if (failure.status == DISCONNECTED) {
                exchange.close();
                return;
            }
            status = failure.status;
            body.put("__type", failure.type).put("message", failure.type + " for a test");
        } else {
            switch (action) {
                case "ListShards" -> list(body);
                case "GetShardIterator" -> iterator(request, body);
                case "GetRecords" -> records(request, body);
                case "PutRecords" -> take(request, body);
                default -> throw new IllegalArgumentException(action);
            }
        }
        byte[] bytes = JSON.writeValueAsBytes(body);
        exchange.getResponseHeaders().add("Content-Type", PROTOCOL);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private void list(ObjectNode body) {
        ArrayNode listed = body.putArray("Shards");
        shards.forEach((id, shard) -> {
            ObjectNode described = listed.addObject().put("ShardId", id);
            described.putObject("HashKeyRange").put("StartingHashKey", "0").put("EndingHashKey", "1");
            described.putObject("SequenceNumberRange").put("StartingSequenceNumber", "0");
            if (!shard.parents.isEmpty()) {
                described.put("ParentShardId", shard.parents.get(0));
            }
            if (shard.parents.size() > 1) {
                described.put("AdjacentParentShardId", shard.parents.get(1));
            }
        });
    }

    private void iterator(JsonNode request, ObjectNode body) {
        List<Stored> records = shards.get(request.get("ShardId").asText()).records;
        int first = 0;
        String type = request.get("ShardIteratorType").asText();
        while (first < records.size()
                && switch (type) {
                    case "TRIM_HORIZON" -> false;
                    case "AT_TIMESTAMP" -> records.get(first).arrival < Math.round(request.get("Timestamp").asDouble() * 1_000);
                    case "AFTER_SEQUENCE_NUMBER" -> Long.parseLong(records.get(first).sequence)
                            <= request.get("StartingSequenceNumber").asLong();
                    default -> throw new IllegalArgumentException(type);
                }) {
            first++;
        }
        body.put("ShardIterator", request.get("ShardId").asText() + "/" + first);
    }

    private void records(JsonNode request, ObjectNode body) {
        String[] place = request.get("ShardIterator").asText().split("/");
        Shard shard = shards.get(place[0]);
        int first = Integer.parseInt(place[1]);
        int last = Math.min(shard.records.size(), first + request.get("Limit").asInt());
        ArrayNode found = body.putArray("Records");
        for (Stored record : shard.records.subList(first, last)) {
            found.addObject()
                    .put("SequenceNumber", record.sequence)
                    .put("PartitionKey", record.key)
                    .put("Data", Base64.getEncoder().encodeToString(record.data))
                    .put("ApproximateArrivalTimestamp", record.arrival / 1_000.0);
        }
        body.put("MillisBehindLatest", shard.records.size() - last);
        if (!shard.closed || last < shard.records.size()) {
            body.put("NextShardIterator", place[0] + "/" + last);
        }
    }

    private void take(JsonNode request, ObjectNode body) {
        ArrayNode answers = body.putArray("Records");
        int failed = 0;
        for (JsonNode record : request.get("Records")) {
            ObjectNode said = answers.addObject();
            if (refusedRecords > 0) {
                refusedRecords--;
                failed++;
                said.put("ErrorCode", "ProvisionedThroughputExceededException").put("ErrorMessage", "too fast");
                continue;
            }
            String shard = shards.keySet().iterator().next();
            byte[] data = Base64.getDecoder().decode(record.get("Data").asText());
            put(shard, record.get("PartitionKey").asText(), new String(data, UTF_8));
            said.put("SequenceNumber", Long.toString(sequence)).put("ShardId", shard);
        }
        body.put("FailedRecordCount", failed);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
