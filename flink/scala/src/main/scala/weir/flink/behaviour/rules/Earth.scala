package weir.flink.behaviour.rules

import weir.flink.behaviour.Place

/** Distances on a sphere: within 0.6 % of those on the earth, far less than what a database of addresses is wrong by. */
private[rules] object Earth {

  /** Mean radius in km (IUGG). */
  private val Radius = 6_371.0088
  val HalfCircumference: Double = math.Pi * Radius

  /** By the haversine formula. */
  def kilometres(from: Place, to: Place): Double = {
    val (latitude1, latitude2) = (from.latitude.toRadians, to.latitude.toRadians)
    val north = math.sin((latitude2 - latitude1) / 2)
    val east = math.sin((to.longitude - from.longitude).toRadians / 2)
    val haversine = north * north + math.cos(latitude1) * math.cos(latitude2) * east * east
    2 * Radius * math.asin(math.min(1.0, math.sqrt(haversine)))
  }
}
