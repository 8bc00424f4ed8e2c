package weir.flink.behaviour

import java.time.Duration
import org.apache.flink.api.common.typeinfo.{TypeInformation, Types}
import org.apache.flink.streaming.api.datastream.{DataStream, SingleOutputStreamOperator}
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment
import org.slf4j.LoggerFactory
import weir.flink.streams.{ErrorEncoder, Events, Finding, FindingEncoder, PropertyGroups, StreamConnector}

/** Behaviour of users and addresses over time, from events to findings. */
object BehaviourApplication {
  private val log = LoggerFactory.getLogger(getClass)

  def main(arguments: Array[String]): Unit = {
    val groups = PropertyGroups.load(arguments: _*)
    val connector = StreamConnector.installed()
    log.info("streams are read and written by {}", connector.description)
    val environment = StreamExecutionEnvironment.getExecutionEnvironment
    build(environment, connector, groups)
    environment.execute(FindingDocument.Application)
  }

  /**
   * events ─► distinct ─┬─► rules ─┬─► findings
   *                     │          └─► flags ─┐
   *                     └─────────────────────┴─► rules of flagged addresses ─► findings
   *
   * A flag goes to where the events of its address are judged, by its key: each is kept once, where broadcasting would keep it in
   * every task; and in event time, so that it is there before what happened after it.
   */
  def build(environment: StreamExecutionEnvironment, connector: StreamConnector, groups: PropertyGroups): Unit = {
    val settings = Settings.of(groups.group("application"))
    val (first, after) = Rules.of(settings)
    val events = Events.of(
      environment,
      connector,
      groups.group("events"),
      FindingDocument.Application,
      new ActivityReader(settings.duration(Settings.Future)),
      settings.duration(Settings.OutOfOrderness),
      settings.duration(Settings.Idle)
    )
    val deeds = events.read.filter((activity: Activity) => activity.deeds.nonEmpty).uid("deeds").name("deeds")
    val activities = distinct(deeds, settings.duration(Settings.Duplicates))
    val found = judged("rules", activities, first)
    val foundAfter = judged("rules-after", activities.union(found.getSideOutput(Judge.Flags)), after)

    found
      .union(foundAfter)
      .sinkTo(connector.sink(groups.group("findings"), new FindingEncoder))
      .uid("write-findings")
      .name("findings")
    events.errors
      .sinkTo(connector.sink(groups.group("errors"), new ErrorEncoder))
      .uid("write-errors")
      .name("errors")
    ()
  }

  private def distinct(activities: DataStream[Activity], duplicates: Duration): SingleOutputStreamOperator[Activity] =
    activities
      .keyBy((activity: Activity) => s"${activity.tenant}\n${activity.id}", Types.STRING)
      .process(new Distinct(duplicates), Serializers.activities)
      .uid("distinct")
      .name("distinct")

  private def judged(name: String, activities: DataStream[Activity], rules: Seq[Rule]): SingleOutputStreamOperator[Finding] =
    activities
      .flatMap(new Watch(rules))
      .returns(Serializers.watched)
      .uid(s"watch-$name")
      .name(s"watch $name")
      .keyBy((watched: Watched) => watched.key, Types.STRING)
      .process(new Judge(rules), TypeInformation.of(classOf[Finding]))
      .uid(s"judge-$name")
      .name(s"judge $name")
}
