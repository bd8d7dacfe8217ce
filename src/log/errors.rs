//! A log that takes errors only.

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, dispatcher};

/// The log of this thread, for work whose events are no news for the operator: it takes errors only.
pub fn errors_only() -> Dispatch {
    Dispatch::new(ErrorsOnly(dispatcher::get_default(Dispatch::clone)))
}

struct ErrorsOnly(Dispatch);

impl Subscriber for ErrorsOnly {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR && self.0.enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::ERROR)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.0.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.0.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.0.record_follows_from(span, follows);
    }

    fn event(&self, event: &Event<'_>) {
        self.0.event(event);
    }

    fn enter(&self, span: &Id) {
        self.0.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.0.exit(span);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

    use super::*;

    struct Levels(Arc<Mutex<Vec<Level>>>);

    impl<S: Subscriber> Layer<S> for Levels {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(*event.metadata().level());
        }
    }

    #[test]
    fn only_errors_are_passed_on() {
        let levels = Arc::default();
        let log = tracing_subscriber::registry().with(Levels(Arc::clone(&levels)));
        let say = || {
            tracing::warn!("a list refuses");
            tracing::error!("a crash");
        };
        tracing::subscriber::with_default(log, || {
            dispatcher::with_default(&errors_only(), say);
            assert_eq!(*levels.lock().unwrap(), [Level::ERROR]);
            say();
        });
        assert_eq!(*levels.lock().unwrap(), [Level::ERROR, Level::WARN, Level::ERROR]);
    }
}
