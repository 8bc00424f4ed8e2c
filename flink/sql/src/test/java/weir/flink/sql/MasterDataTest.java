package weir.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import weir.flink.sql.Traffic.Event;
import weir.flink.streams.PropertyGroup;

/** Metrics carry what the table of master data says of their service; whatever it says stops nothing. */
class MasterDataTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CHECKOUT =
            "{\"kind\":{\"S\":\"service\"},\"id\":{\"S\":\"checkout\"},\"owner\":{\"S\":\"%s\"},\"slo_ms\":{\"N\":\"250.5\"}}";

    @TempDir
    private Path folder;

    private final List<JsonNode> queries = new CopyOnWriteArrayList<>();
    private volatile List<String> pages = List.of();
    private HttpServer table;

    @BeforeEach
    void start() throws IOException {
        table = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        table.createContext("/", exchange -> {
            JsonNode query = JSON.readTree(exchange.getRequestBody());
            int page = query.at("/ExclusiveStartKey/page/N").asInt(0);
            queries.add(query);
            byte[] answer = pages.isEmpty()
                    ? "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"message\":\"not allowed\"}".getBytes(StandardCharsets.UTF_8)
                    : (pages.get(page).substring(0, pages.get(page).length() - 1)
                            + (page + 1 < pages.size() ? ",\"LastEvaluatedKey\":{\"page\":{\"N\":\"" + (page + 1) + "\"}}}" : "}"))
                                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/x-amz-json-1.0");
            exchange.sendResponseHeaders(pages.isEmpty() ? 400 : 200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        table.start();
    }

    @AfterEach
    void stop() {
        table.stop(0);
    }

    @Test
    void metricsCarryWhatIsSaidOfTheirServiceOnAnyPageUnlessItIsOfAWrongType() throws Exception {
        pages = List.of(
                "{\"Items\":[{\"kind\":{\"S\":\"service\"},\"id\":{\"S\":\"search\"},\"slo_ms\":{\"S\":\"fast\"}}]}",
                "{\"Items\":[" + CHECKOUT.formatted("ada") + "]}");

        List<JsonNode> metrics = run();

        assertThat(metrics).extracting(metric -> metric.at("/weir/metric/dimensions").toString()).containsExactlyInAnyOrder(
                "{\"service\":\"checkout\",\"owner\":\"ada\",\"slo_ms\":\"250.5\"}",
                "{\"service\":\"search\"}",
                "{\"service\":\"cart\"}");
        assertThat(queries.get(0).get("TableName").asText()).isEqualTo("master-data");
        assertThat(queries.get(0).at("/ExpressionAttributeValues/:kind/S").asText()).isEqualTo("service");
    }

    @Test
    void aTableThatCannotBeReadJoinsNothing() throws Exception {
        MasterLookup lookup = lookup();
        try {
            assertThat(queries).hasSize(1);
            assertThat(lookup.lookup(GenericRowData.of(StringData.fromString("checkout")))).isEmpty();
        } finally {
            lookup.close();
        }
    }

    @Test
    void whatIsReadAgainReplacesWhatWasReadAndAFailureDoesNot() throws Exception {
        pages = List.of("{\"Items\":[" + CHECKOUT.formatted("ada") + "]}");
        MasterLookup lookup = lookup();
        try {
            assertThat(owner(lookup)).isEqualTo("ada");
            pages = List.of("{\"Items\":[" + CHECKOUT.formatted("bob") + "]}");
            await(() -> owner(lookup).equals("bob"));
            pages = List.of();
            int read = queries.size();
            await(() -> queries.size() > read + 1);
            assertThat(owner(lookup)).isEqualTo("bob");
        } finally {
            lookup.close();
        }
    }

    private MasterLookup lookup() throws IOException {
        MasterLookup lookup = new MasterLookup(master(), "service", (RowType) DataTypes.ROW(
                DataTypes.FIELD("id", DataTypes.STRING()), DataTypes.FIELD("owner", DataTypes.STRING())).getLogicalType());
        lookup.open(new FunctionContext(null));
        return lookup;
    }

    private List<JsonNode> run() throws Exception {
        List<String> records = new ArrayList<>();
        for (String service : List.of("checkout", "search", "cart")) {
            Event event = new Event(service, Traffic.START, Traffic.START, "shop", service, 200, 1, "192.0.2.1", 1);
            records.add(new String(Traffic.json(event), StandardCharsets.UTF_8));
        }
        return Run.of(new Events(records), Settings.groups(master())).metrics("service_10s");
    }

    private PropertyGroup master() throws IOException {
        Path credentials = folder.resolve("credentials");
        Files.writeString(credentials, "[local]\naws_access_key_id = test\naws_secret_access_key = test\n");
        return new PropertyGroup("master", Map.of(
                "table.name", "master-data",
                "aws.region", "eu-central-1",
                "refresh.seconds", "1",
                "aws.endpoint", "http://127.0.0.1:" + table.getAddress().getPort(),
                "aws.credentials.provider", "PROFILE",
                "aws.credentials.provider.profile.path", credentials.toString(),
                "aws.credentials.provider.profile.name", "local"));
    }

    private static String owner(MasterLookup lookup) {
        Collection<RowData> found = lookup.lookup(GenericRowData.of(StringData.fromString("checkout")));
        return found.iterator().next().getString(1).toString();
    }

    private static void await(BooleanSupplier condition) {
        Instant end = Instant.now().plus(Duration.ofSeconds(30));
        while (!condition.getAsBoolean()) {
            assertThat(Instant.now()).isBefore(end);
            LockSupport.parkNanos(1_000_000);
        }
    }
}
