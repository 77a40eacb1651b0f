import { describe, expect, it } from "vitest";
import { addDays, addMonths, DAY_MIN, instantAt, minutesOf, monthWeeks, startOfWeek, timeOf, weekRules } from "../src/calendar/days";
import { closedOf, sideBySide, slotted, visibleHours } from "../src/calendar/layout";
import { moved } from "../src/calendar/changes";
import type { Appointment } from "../src/api/types";
import { instantOf, phoneNumber, wallClock } from "../src/i18n/format";
import { readTime } from "../src/ui/TimeField";

const ZONE = "Asia/Jerusalem";

function appointment(from: string, until: string): Appointment {
  const at = (local: string) => instantOf(local, ZONE);
  return {
    id: "a1", service_id: "haircut", staff_id: "dana", starts_at: at(from), ends_at: at(until),
    starts_at_local: from.replace(" ", "T"), ends_at_local: until.replace(" ", "T"), timezone: ZONE, status: "booked",
    source: "web", version: 3, created_at: at(from), updated_at: null, hold_expires_at: null, confirmed_at: null,
    cancelled_at: null, contact_name: null, contact_phone: null, contact_email: null, notes: null,
    has_name_note: false, call_id: null, call_summary: null, call_transcript: null,
  };
}

describe("days", () => {
  it("begin the week on Sunday in Israel, whatever language the page is read in", () => {
    expect(weekRules(ZONE, ["en-GB"])).toEqual({ first: 0, weekend: [5, 6] });
    expect(startOfWeek("2027-01-14", weekRules(ZONE))).toBe("2027-01-10");
    expect(startOfWeek("2027-01-10", weekRules(ZONE))).toBe("2027-01-10");
  });

  it("make whole weeks of a month", () => {
    const weeks = monthWeeks("2027-02-14", weekRules(ZONE));
    expect(weeks.flat()[0]).toBe("2027-01-31");
    expect(weeks.at(-1)?.at(-1)).toBe("2027-03-06");
    expect(addMonths("2027-01-31", 1)).toBe("2027-02-01");
    expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
  });
});

describe("the wall clock", () => {
  it("becomes an instant and comes back, in summer and in winter", () => {
    for (const wall of ["2027-01-11 10:00:00", "2027-07-11 10:00:00", "2027-12-31 23:45:00"]) {
      expect(wallClock(instantOf(wall, ZONE), ZONE)).toBe(wall);
    }
  });

  it("takes a time that is skipped as the one after the jump, and of one that comes twice the first", () => {
    expect(wallClock(instantOf("2027-03-26 02:30:00", ZONE), ZONE)).toBe("2027-03-26 03:30:00");
    expect(instantOf("2027-10-31 01:30:00", ZONE)).toBe("2027-10-30T22:30:00.000Z");
  });

  it("ends a day where the next begins", () => {
    expect(instantAt("2027-03-25", DAY_MIN, ZONE)).toBe(instantAt("2027-03-26", 0, ZONE));
  });

  it("is typed as people type it", () => {
    expect(["9", "930", "9:30", "09.30", "24:00"].map(readTime)).toEqual([540, 570, 570, 570, 1440]);
    expect(["", "25", "9:60", "noon"].map(readTime)).toEqual([null, null, null, null]);
    expect(timeOf(minutesOf("07:05"))).toBe("07:05");
  });
});

describe("the grid", () => {
  it("puts overlapping appointments side by side and others over the whole width", () => {
    const items = [[540, 600], [570, 630], [600, 660], [700, 730]].map(([startMin = 0, endMin = 0]) => ({ startMin, endMin }));
    expect(sideBySide(items).map(({ lane, lanes }) => [lane, lanes])).toEqual([[0, 2], [1, 2], [0, 2], [0, 1]]);
  });

  it("shades what the hours leave closed", () => {
    expect(closedOf([{ fromMin: 540, toMin: 780 }, { fromMin: 840, toMin: 1140 }])).toEqual([
      { fromMin: 0, toMin: 540 }, { fromMin: 780, toMin: 840 }, { fromMin: 1140, toMin: 1440 },
    ]);
    expect(closedOf([])).toEqual([{ fromMin: 0, toMin: 1440 }]);
  });

  it("shows the hours that are open or booked, and some when nothing is", () => {
    expect(visibleHours([{ fromMin: 540, toMin: 1020 }], [{ startMin: 420, endMin: 450 }])).toEqual({ fromMin: 360, toMin: 1080 });
    expect(visibleHours([], [])).toEqual({ fromMin: 480, toMin: 1140 });
  });

  it("shows a moved appointment at its new time at once, over a change of the clock too", () => {
    const made = appointment("2027-03-25 10:00:00", "2027-03-25 10:30:00");
    const shown = moved(made, { ...slotted(made), day: "2027-03-26", startMin: 660, endMin: 735 });
    expect(shown).toMatchObject({ starts_at: "2027-03-26T08:00:00.000Z", starts_at_local: "2027-03-26T11:00:00" });
    expect(slotted(shown)).toMatchObject({ day: "2027-03-26", startMin: 660, endMin: 735 });
  });

  it("lets an appointment that ends at midnight end with its day", () => {
    expect(slotted(appointment("2027-01-11 23:00:00", "2027-01-12 00:00:00")).endMin).toBe(1440);
  });
});

describe("telephone numbers", () => {
  it("are written as people in Israel write them, others as they came", () => {
    expect(phoneNumber("+972501234567")).toBe("050-123-4567");
    expect(phoneNumber("+97235550100")).toBe("03-555-0100");
    expect(phoneNumber("+442071838750")).toBe("+442071838750");
  });
});
