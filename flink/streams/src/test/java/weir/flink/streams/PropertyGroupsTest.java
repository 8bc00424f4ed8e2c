package weir.flink.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an application is told of its settings, and what it says where they do not do. */
class PropertyGroupsTest {
    private static final PropertyGroup APPLICATION = new PropertyGroup(
            "application", Map.of("idle.seconds", "5", "factor", "2.5", "name", "shop", "blank", " "));

    @TempDir
    private Path folder;

    @Test
    void valuesAreReadAsWhatTheyAre() {
        assertThat(APPLICATION.text("name")).isEqualTo("shop");
        assertThat(APPLICATION.number("idle.seconds", 1)).isEqualTo(5);
        assertThat(APPLICATION.seconds("idle.seconds", 1)).isEqualTo(Duration.ofSeconds(5));
        assertThat(APPLICATION.decimal("factor", 1, 10)).isEqualTo(2.5);
        assertThat(APPLICATION.optional("absent")).isEmpty();
        assertThat(APPLICATION.optional("blank")).isEmpty();
    }

    @Test
    void aKeyThatIsMissingIsNamedWithItsGroup() {
        assertThatThrownBy(() -> APPLICATION.text("tenant"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("property group 'application': key 'tenant' is missing; it has [blank, factor, idle.seconds, name]");
    }

    @Test
    void aValueThatIsNoneIsShownWithWhatItShouldBe() {
        assertThatThrownBy(() -> APPLICATION.number("name", 1))
                .hasMessage("property group 'application': name is 'shop', not a whole number of at least 1");
        assertThatThrownBy(() -> APPLICATION.number("idle.seconds", 6))
                .hasMessage("property group 'application': idle.seconds is '5', not a whole number of at least 6");
        assertThatThrownBy(() -> APPLICATION.decimal("factor", 3, 10))
                .hasMessage("property group 'application': factor is '2.5', not a number from 3.0 to 10.0");
    }

    @Test
    void groupsAreReadOfAFileAsTheServiceWritesIt() throws Exception {
        Path file = folder.resolve("application_properties.json");
        Files.writeString(file, "[{\"PropertyGroupId\": \"events\", \"PropertyMap\": {\"stream.arn\": \"arn:aws:kinesis:x\"}}]");
        PropertyGroups groups = PropertyGroups.load("--properties", file.toString());
        assertThat(groups.group("events").text("stream.arn")).isEqualTo("arn:aws:kinesis:x");
        assertThat(groups.optional("metrics")).isEmpty();
        assertThatThrownBy(() -> groups.group("metrics"))
                .hasMessage("property group 'metrics' is missing; the application has [events]");
    }

    @Test
    void aFileThatIsNoneIsNamed() throws Exception {
        Path file = folder.resolve("wrong.json");
        Files.writeString(file, "{\"events\": 1}");
        assertThatThrownBy(() -> PropertyGroups.load("--properties", file.toString()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith(file + ": no list of {\"PropertyGroupId\": …, \"PropertyMap\": {…}}: ");
    }

    @Test
    void otherArgumentsAreRefused() {
        assertThatThrownBy(() -> PropertyGroups.load("--parallelism", "2"))
                .hasMessage("arguments --parallelism 2: none are taken but --properties FILE");
    }

    @Test
    void withoutTheServicesFileThereAreNoGroups() {
        assertThatThrownBy(() -> PropertyGroups.load().group("events"))
                .hasMessage("property group 'events' is missing; the application has []");
    }
}
