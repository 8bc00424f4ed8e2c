package weir.flink.behaviour.rules

import org.assertj.core.api.Assertions.{assertThat, within}
import org.junit.jupiter.api.Test
import weir.flink.behaviour.Place

/** Distances, against those between Berlin and Paris, and London Heathrow and New York JFK. */
final class EarthTest {

  @Test
  def distancesAreThoseOfGreatCircles(): Unit = {
    assertThat(Earth.kilometres(Place(52.52, 13.405), Place(48.8566, 2.3522))).isEqualTo(878, within(double2Double(3)))
    assertThat(Earth.kilometres(Place(51.4706, -0.4619), Place(40.6398, -73.7789))).isEqualTo(5_540, within(double2Double(15)))
  }

  @Test
  def theDateLineIsNoDistance(): Unit =
    assertThat(Earth.kilometres(Place(0, 179.99), Place(0, -179.99))).isEqualTo(2.2, within(double2Double(0.1)))

  @Test
  def theOtherSideIsFarthest(): Unit =
    assertThat(Earth.kilometres(Place(90, 0), Place(-90, 0))).isEqualTo(Earth.HalfCircumference, within(double2Double(0.001)))
}
