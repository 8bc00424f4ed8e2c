package weir.flink.behaviour

import weir.flink.streams.{ErrorRecord, Finding, RecordEncoder}

final class FindingEncoder extends RecordEncoder[Finding] {
  override def data(finding: Finding): Array[Byte] = finding.body

  override def partitionKey(finding: Finding): String = finding.key
}

final class ErrorEncoder extends RecordEncoder[ErrorRecord] {
  override def data(error: ErrorRecord): Array[Byte] = error.body

  override def partitionKey(error: ErrorRecord): String = error.partitionKey
}
