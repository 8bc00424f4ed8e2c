package weir.flink.behaviour

import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
import com.fasterxml.jackson.databind.node.ObjectNode
import java.nio.charset.StandardCharsets.UTF_8
import java.time.Duration
import java.util.concurrent.atomic.{AtomicBoolean, AtomicInteger}
import org.apache.flink.api.connector.sink2.Sink
import org.apache.flink.api.connector.source.Source
import org.apache.flink.configuration.{Configuration, RestartStrategyOptions}
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment
import org.apache.flink.streaming.api.graph.StreamGraph
import org.apache.flink.test.junit5.MiniClusterExtension
import org.assertj.core.api.Assertions.{assertThat, assertThatThrownBy}
import org.junit.jupiter.api.extension.ExtendWith
import org.junit.jupiter.api.{AfterEach, Test}
import scala.jdk.CollectionConverters._
import weir.flink.streams._
import weir.flink.streams.testing.MemoryStreams

/** The whole application on a cluster in this process, with streams of two shards in memory. */
@ExtendWith(Array(classOf[MiniClusterExtension]))
final class ApplicationTest {
  import ApplicationTest._

  private val streams = memory()

  @AfterEach
  def close(): Unit = streams.close()

  @Test
  def everyLabelledSequenceHasItsFindings(): Unit = {
    val findings = run(streams, Sequences.all.flatMap(_.events))
    Sequences.all.foreach { sequence =>
      val found = findings.filter { finding =>
        finding.path("tenant").textValue == sequence.tenant && finding.at("/rule/id").textValue == sequence.rule
      }
      val keysAndTimes = found.map(finding => s"${finding.at("/weir/finding/key").textValue} ${finding.path("@timestamp").textValue}")
      val expected = sequence.findings.map(one => s"${one.key} ${Times.text(Sequences.Start + one.at.toMillis)}")
      assertThat(keysAndTimes.sorted.asJava).as(sequence.toString).isEqualTo(expected.sorted.asJava)
    }
    assertThat(streams.records("errors")).isEmpty()
  }

  @Test
  def aRestartMakesNoOtherFindings(): Unit = {
    val undisturbed = memory()
    val events = Sequences.all.flatMap(_.events)
    val expected = try run(undisturbed, events) finally undisturbed.close()
    val failing = new FailingOnce(streams)
    val found = run(failing, events, checkpoints = true)
    assertThat(FailingOnce.Failed.get).isTrue()
    assertThat(byId(found).asJava).isEqualTo(byId(expected).asJava)
  }

  @Test
  def anAddressThatARuleFlagsAndThatReadsDataIsFound(): Unit = {
    val spraying = Sequences.of("password-spraying").head.events
    val reads = Sequences.of("flagged-data-access").head.events.last
    reads.put("tenant", spraying.head.path("tenant").textValue)
    val findings = run(streams, spraying :+ reads)
    val flag = findings.find(_.at("/rule/id").textValue == "password-spraying").get
    val access = findings.filter(_.at("/rule/id").textValue == "flagged-data-access")
    assertThat(access.map(_.path("message").textValue).asJava)
      .containsExactly("203.0.113.9, flagged by One address fails as many users, used data of customers.")
    assertThat(access.head.at("/weir/finding/evidence").elements.asScala.map(_.textValue).toSeq.asJava)
      .containsExactly(flag.at("/event/id").textValue, reads.at("/event/id").textValue)
  }

  @Test
  def badEventsGoToErrorsWholeAndStopNothing(): Unit = {
    val sequence = Sequences.of("brute-force").head
    val noAddress = sequence.events.head.deepCopy
    noAddress.withObject("/source").put("ip", "bastion-1")
    noAddress.withObject("/event").put("id", "no address")
    Seq("{\"cut", "[]", "", noAddress.toString).foreach(text => put(streams, text.getBytes(UTF_8)))
    val findings = run(streams, sequence.events)
    assertThat(findings.count(_.at("/rule/id").textValue == "brute-force")).isEqualTo(1)
    val errors = streams.texts("errors").asScala.map(Json.readTree)
    assertThat(errors.map(error => s"${error.path("step").textValue} ${error.path("reason").textValue}").asJava)
      .containsExactlyInAnyOrder("flink-behaviour corrupt", "flink-behaviour corrupt", "flink-behaviour corrupt", "flink-behaviour malformed")
    val malformed = errors.find(_.path("reason").textValue == "malformed").get
    assertThat(malformed.path("id").textValue).isEqualTo("no address")
    assertThat(malformed.path("detail").textValue).isEqualTo("source.ip is no address: 'bastion-1'")
    assertThat(new String(malformed.path("original").binaryValue, UTF_8)).isEqualTo(noAddress.toString)
  }

  @Test
  def everyOperatorHasAUid(): Unit = {
    val environment = StreamExecutionEnvironment.getExecutionEnvironment
    BehaviourApplication.build(environment, streams, groups())
    val graph: StreamGraph = environment.getStreamGraph(false)
    val without = graph.getStreamNodes.asScala.filter(_.getTransformationUID == null).map(_.getOperatorName)
    assertThat(without.asJava).isEmpty()
    assertThat(graph.getStreamNodes.asScala.map(_.getTransformationUID).asJava).doesNotHaveDuplicates()
  }

  @Test
  def aMissingGroupIsNamed(): Unit = {
    val environment = StreamExecutionEnvironment.getExecutionEnvironment
    val without = PropertyGroups.of(MemoryStreams.group("events"), MemoryStreams.group("errors"), new PropertyGroup("application", Map.empty[String, String].asJava))
    assertThatThrownBy(() => BehaviourApplication.build(environment, streams, without))
      .isInstanceOf(classOf[ConfigurationException])
      .hasMessageStartingWith("property group 'findings' is missing")
  }

  private def run(connector: MemoryStreams, events: Seq[ObjectNode]): Seq[JsonNode] = run(connector, connector, events, checkpoints = false)

  private def run(connector: FailingOnce, events: Seq[ObjectNode], checkpoints: Boolean): Seq[JsonNode] =
    run(connector, connector.streams, events, checkpoints)

  /** The findings of these events and no others, which are put in the order of their time, a tenant in one shard. */
  private def run(connector: StreamConnector, memory: MemoryStreams, events: Seq[ObjectNode], checkpoints: Boolean): Seq[JsonNode] = {
    events.sortBy(_.path("@timestamp").textValue).foreach(event => put(memory, Json.writeValueAsBytes(event), shardOf(event)))
    memory.end("events")
    val configuration = new Configuration
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay")
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, Integer.valueOf(if (checkpoints) 1 else 0))
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(1))
    val environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration).setParallelism(2)
    environment.getConfig.setAutoWatermarkInterval(1)
    if (checkpoints) environment.enableCheckpointing(20)
    BehaviourApplication.build(environment, connector, groups())
    environment.execute()
    memory.texts("findings").asScala.map(Json.readTree).toSeq
  }

  private def shardOf(event: ObjectNode): Int = math.floorMod(event.path("tenant").textValue.hashCode, 2)

  private def put(memory: MemoryStreams, data: Array[Byte], shard: Int = 0): Unit = memory.put("events", shard, "key", data)

  private def memory(): MemoryStreams = {
    val made = new MemoryStreams
    made.create("events", 2)
    made
  }

  private def byId(findings: Seq[JsonNode]): Map[String, String] =
    findings.map(finding => finding.at("/event/id").textValue -> finding.toString).toMap
}

object ApplicationTest {
  private val Json = new ObjectMapper

  private def groups(): PropertyGroups =
    PropertyGroups.of(
      MemoryStreams.group("events"),
      MemoryStreams.group("findings"),
      MemoryStreams.group("errors"),
      new PropertyGroup("application", Map.empty[String, String].asJava)
    )
}

/** Streams whose sink of findings fails when it is about to write the fiftieth, once. */
final class FailingOnce(val streams: MemoryStreams) extends StreamConnector {
  FailingOnce.Failed.set(false)
  FailingOnce.Written.set(0)

  override def description(): String = "fails once"

  override def source[T](stream: PropertyGroup, decoder: RecordDecoder[T]): Source[T, _, _] = streams.source(stream, decoder)

  override def sink[T](stream: PropertyGroup, encoder: RecordEncoder[T]): Sink[T] =
    streams.sink(stream, if (stream.name == "findings") new FailingOnce.Encoder(encoder) else encoder)
}

object FailingOnce {
  val Failed = new AtomicBoolean
  val Written = new AtomicInteger

  private final class Encoder[T](encoder: RecordEncoder[T]) extends RecordEncoder[T] {
    override def data(element: T): Array[Byte] = {
      if (Written.incrementAndGet() >= 50 && Failed.compareAndSet(false, true)) throw new IllegalStateException("as the test wants")
      encoder.data(element)
    }

    override def partitionKey(element: T): String = encoder.partitionKey(element)
  }
}
