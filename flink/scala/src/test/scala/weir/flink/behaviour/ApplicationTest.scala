package weir.flink.behaviour

import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
import com.fasterxml.jackson.databind.node.ObjectNode
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.Path
import java.time.Duration
import org.apache.flink.configuration.{Configuration, RestartStrategyOptions, StateRecoveryOptions}
import org.apache.flink.core.execution.SavepointFormatType
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment
import org.apache.flink.streaming.api.graph.StreamGraph
import org.apache.flink.test.junit5.MiniClusterExtension
import org.assertj.core.api.Assertions.{assertThat, assertThatThrownBy}
import org.junit.jupiter.api.extension.RegisterExtension
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.api.{AfterEach, BeforeEach, Test, TestInstance}
import scala.annotation.meta.field
import scala.jdk.CollectionConverters._
import weir.flink.streams._
import weir.flink.streams.testing.MemoryStreams

/** The whole application on a cluster in this process, with streams of two shards in memory. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ApplicationTest {
  import ApplicationTest._

  @(RegisterExtension @field)
  val cluster: MiniClusterExtension = new MiniClusterExtension(
    new MiniClusterResourceConfiguration.Builder().setNumberTaskManagers(1).setNumberSlotsPerTaskManager(2).build()
  )

  private var streams: MemoryStreams = _

  @BeforeEach
  def open(): Unit = streams = memory()

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
  def anApplicationThatGoesOnFromASavepointMakesTheSameFindings(@TempDir folder: Path): Unit = {
    val undisturbed = memory()
    val events = Sequences.all.flatMap(_.events).sortBy(_.path("@timestamp").textValue)
    val expected = try run(undisturbed, events) finally undisturbed.close()

    val (before, after) = events.splitAt(events.size / 2)
    before.foreach(put(streams, _))
    val job = application(streams).executeAsync()
    streams.await("findings", 5, Duration.ofSeconds(60))
    val savepoint = job.stopWithSavepoint(false, folder.toUri.toString, SavepointFormatType.CANONICAL).get
    val found = findings(streams).size
    after.foreach(put(streams, _))
    streams.end("events")
    application(streams, _.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint)).execute()

    assertThat(findings(streams).size).isGreaterThan(found)
    assertThat(byId(findings(streams)).asJava).isEqualTo(byId(expected).asJava)
    assertThat(findings(streams).map(_.at("/event/id").textValue).asJava).doesNotHaveDuplicates()
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
    Seq("{\"cut", "[]", "", noAddress.toString).foreach(text => put(streams, 0, text.getBytes(UTF_8)))
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

  /** The findings of these events and no others. */
  private def run(streams: MemoryStreams, events: Seq[ObjectNode]): Seq[JsonNode] = {
    events.sortBy(_.path("@timestamp").textValue).foreach(put(streams, _))
    streams.end("events")
    application(streams).execute()
    findings(streams)
  }

  private def application(streams: MemoryStreams, further: Configuration => Any = identity): StreamExecutionEnvironment = {
    val configuration = new Configuration
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none")
    further(configuration)
    val environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration).setParallelism(2)
    environment.getConfig.setAutoWatermarkInterval(1)
    BehaviourApplication.build(environment, streams, groups())
    environment
  }

  /** A tenant in one shard. */
  private def put(streams: MemoryStreams, event: ObjectNode): Unit =
    put(streams, math.floorMod(event.path("tenant").textValue.hashCode, 2), Json.writeValueAsBytes(event))

  private def put(streams: MemoryStreams, shard: Int, data: Array[Byte]): Unit = streams.put("events", shard, "key", data)

  private def findings(streams: MemoryStreams): Seq[JsonNode] = streams.texts("findings").asScala.map(Json.readTree).toSeq

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
