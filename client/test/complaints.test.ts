import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { advice, plainPath, sentence } from "../src/business/complaints";
import { ADVICE, PLACES } from "../src/business/complaints.he";

beforeAll(async () => {
  await i18next.init({ lng: "he", resources: {} });
});

describe("what is wrong with settings", () => {
  it("is found by its place, whichever item, language or day it is about", () => {
    expect(plainPath("services[2].name.he")).toBe("services.name");
    expect(plainPath("hours.sunday[0]")).toBe("hours");
    expect(plainPath("staff[1].closed_days[0].last")).toBe("staff.closed_days.last");
    expect(plainPath("numbers[3]")).toBe("numbers");
  });

  it("is told in Hebrew, and as the server says it in English", async () => {
    const wrong = { path: "services[0].duration_min", message: "choose a whole number from 5 to 720." };
    expect(sentence(wrong)).toBe("משך השירות: בחרו מספר דקות שלם בין 5 ל-720, שנכנס בשעות הפתיחה.");
    expect(advice({ path: "something.new", message: "do this" })).toBe("הערך כאן אינו תקין.");
    for (const text of [...Object.values(ADVICE), ...Object.values(PLACES)]) expect(text).toMatch(/[\u05d0-\u05ea]|webhook/);
    await i18next.changeLanguage("en");
    expect(sentence(wrong)).toBe("services[0].duration_min: choose a whole number from 5 to 720.");
  });
});
