package weir.flink.behaviour

private[behaviour] object EventTime {

  /** The next whole `grain`, so that times that are near share a timer. */
  def upTo(time: Long, grain: Long): Long = Math.floorDiv(time + grain - 1, grain) * grain
}
