use super::*;

#[track_caller]
fn check(line: &str, expected: Option<Modality>) {
    let found = Detector::new(&MediaFields::default()).detect(line);
    assert_eq!(found, expected, "{line}");
}

#[test]
fn a_record_is_what_its_fields_and_markers_say() {
    use Modality::{Audio, Image, Multimodal, Text, Video};
    let cases = [
        (r#"{"text": "words"}"#, Text),
        (r#"{"other": 1}"#, Text),
        (r#"{"text": 5, "images": 5, "videos": true}"#, Text),
        (r#"{"images": ["a.jpg"]}"#, Image),
        (r#"{"text": "", "images": ["a.jpg"]}"#, Image),
        (r#"{"text": " \n", "images": "a.jpg"}"#, Image),
        (r#"{"images": [{"path": "a.jpg", "bytes": null}]}"#, Image),
        (r#"{"images": {"bytes": "QUJD"}}"#, Image),
        (r#"{"audios": ["a.wav"]}"#, Audio),
        (r#"{"videos": ["a.mp4"]}"#, Video),
        (r#"{"text": "words", "images": ["a.jpg"]}"#, Multimodal),
        (r#"{"images": ["a.jpg"], "audios": ["a.wav"]}"#, Multimodal),
        // The field is empty.
        (r#"{"text": "words", "images": []}"#, Text),
        (r#"{"text": "words", "images": null, "videos": ""}"#, Text),
        (r#"{"text": "words", "images": ["", null, []]}"#, Text),
        (r#"{"text": "words", "images": {"path": null}}"#, Text),
        // Markers.
        (r#"{"text": "<__dj__image>"}"#, Image),
        (r#"{"text": "<__dj__image> <|__dj__eoc|>"}"#, Image),
        (r#"{"text": "\u003c__dj__video>\n"}"#, Video),
        (r#"{"text": "<__dj__audio> spoken"}"#, Multimodal),
        (r#"{"text": "<__dj__image><__dj__video>"}"#, Multimodal),
        (r#"{"text": "<__dj__image>", "images": ["a.jpg"]}"#, Image),
        (r#"{"text": "the word __dj__image"}"#, Text),
        (r#"{"text": "\ud800 <__dj__video>"}"#, Multimodal),
    ];
    for (line, expected) in cases {
        check(line, Some(expected));
    }
    for line in ["", "[]", "no JSON", r#"{"text": "#, "\u{0}coldpress"] {
        check(line, None);
    }
}

#[test]
fn fields_have_the_names_that_the_recipe_gives_them() {
    let fields = MediaFields {
        text: vec!["title".to_owned(), "meta.body".to_owned()],
        image: "meta.pictures".to_owned(),
        ..MediaFields::default()
    };
    let mut detector = Detector::new(&fields);
    let cases = [
        (
            r#"{"text": "<__dj__video>", "images": ["a"]}"#,
            Modality::Text,
        ),
        (r#"{"meta": {"pictures": ["a"]}}"#, Modality::Image),
        (
            r#"{"meta": {"pictures": ["a"], "body": "words"}}"#,
            Modality::Multimodal,
        ),
        (
            r#"{"title": "", "meta": {"body": "<__dj__audio>"}}"#,
            Modality::Audio,
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(detector.detect(line), Some(expected), "{line}");
    }
}

#[test]
fn a_dataset_is_what_at_least_a_tenth_of_its_records_are() {
    let counts = |text, image, audio, video, multimodal| ModalityCounts {
        text,
        image,
        audio,
        video,
        multimodal,
    };
    let cases = [
        (counts(0, 0, 0, 0, 0), Modality::Text),
        (counts(7, 0, 0, 0, 0), Modality::Text),
        (counts(0, 0, 0, 1, 0), Modality::Video),
        (counts(91, 9, 0, 0, 0), Modality::Text),
        (counts(90, 10, 0, 0, 0), Modality::Multimodal),
        (counts(9, 91, 0, 0, 0), Modality::Image),
        (counts(0, 50, 50, 0, 0), Modality::Multimodal),
        (counts(5, 0, 95, 0, 0), Modality::Audio),
        (counts(5, 0, 0, 0, 95), Modality::Multimodal),
        (
            counts(u64::MAX, u64::MAX, 0, 0, u64::MAX),
            Modality::Multimodal,
        ),
    ];
    for (counts, expected) in cases {
        assert_eq!(counts.decide(), expected, "{counts:?}");
    }
}

#[test]
fn names_are_those_on_disk() {
    for modality in Modality::ALL {
        let json = serde_json::to_string(&modality).unwrap();
        assert_eq!(json, format!("\"{modality}\""));
    }
}
