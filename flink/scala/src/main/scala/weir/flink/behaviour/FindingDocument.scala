package weir.flink.behaviour

import com.fasterxml.jackson.databind.node.{JsonNodeFactory, ObjectNode}
import weir.flink.streams.{Finding, Times}

/** Writes what a rule found as an event in names of the Elastic Common Schema. */
private[behaviour] object FindingDocument {
  val Application = "behaviour"
  val Dataset = "weir.finding"

  /** Ids of evidence in a document; the newest stay. */
  private val MostEvidence = 20

  /**
   * Everything in it follows from the events: made again, it is the same document.
   *
   * @param subject as text, "address:203.0.113.9"
   * @param activity the one that was judged
   */
  def of(metadata: Metadata, subject: String, activity: Activity, found: Match): Finding = {
    val key = Seq(metadata.id, activity.tenant, subject).mkString("\n")
    val evidence = found.evidence.sortBy(mark => (mark.time, mark.event))
    val start = evidence.head.time
    val end = evidence.last.time
    val document = JsonNodeFactory.instance.objectNode()
    document.put("@timestamp", Times.text(activity.time)).put("tenant", activity.tenant).put("message", found.message)

    val event = document.putObject("event")
    event.put("id", Ids.digest(s"$Application\n$key\n${activity.time}\n${activity.id}"))
    event.put("kind", "alert").put("dataset", Dataset).put("severity", metadata.severity)
    event.putArray("category").add("intrusion_detection")
    event.putArray("type").add("info")
    event.put("start", Times.text(start)).put("end", Times.text(end))
    event.put("ingested", Times.text(evidence.map(_.ingested).max))

    document.putObject("rule").put("id", metadata.id).put("name", metadata.name).put("description", metadata.description)
    val techniques = document.putObject("threat").putObject("technique").putArray("id")
    metadata.techniques.foreach(techniques.add)
    subjectFields(document, activity)

    val own = document.putObject("weir").putObject("finding")
    own.put("application", Application).put("key", subject).put("evidence_count", evidence.size.toLong)
    val ids = own.putArray("evidence")
    evidence.takeRight(MostEvidence).foreach(mark => ids.add(mark.event))
    own.put("start", Times.text(start)).put("end", Times.text(end))
    numbers(own, "expected", found.expected)
    numbers(own, "actual", found.actual)
    if (found.attribution.nonEmpty) {
      val attribution = own.putObject("attribution")
      found.attribution.toSeq.sorted.foreach { case (name, text) => attribution.put(name, text) }
    }
    Finding.of(document, Ids.digest(key))
  }

  private def subjectFields(document: ObjectNode, activity: Activity): Unit = {
    activity.user.foreach(name => document.putObject("user").put("name", name))
    activity.address.foreach { address =>
      val source = document.putObject("source").put("ip", address)
      if (activity.country.isDefined || activity.place.isDefined) {
        val geo = source.putObject("geo")
        activity.country.foreach(geo.put("country_iso_code", _))
        activity.place.foreach(place => geo.putObject("location").put("lat", place.latitude).put("lon", place.longitude))
      }
    }
    activity.account.foreach(id => document.putObject("cloud").putObject("account").put("id", id))
    activity.host.foreach(name => document.putObject("host").put("name", name))
  }

  private def numbers(own: ObjectNode, name: String, values: Map[String, Long]): Unit =
    if (values.nonEmpty) {
      val node = own.putObject(name)
      values.toSeq.sorted.foreach { case (what, number) => node.put(what, number) }
    }
}
