// The exact time on hover is the reader's, not the box's.

const exact = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });

export function localTimes(root) {
  for (const time of root.querySelectorAll?.("time[datetime]") ?? []) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.title = exact.format(at);
  }
}
