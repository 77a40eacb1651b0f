import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { en } from "../src/i18n/en";
import { he } from "../src/i18n/he";
import { detail, sentence } from "../src/rehearsal/sentences";

beforeAll(async () => {
  await i18next.init({ lng: "he", resources: { he: { translation: he }, en: { translation: en } }, interpolation: { escapeValue: false } });
});

describe("the lines of a script", () => {
  it("are told in Hebrew", () => {
    expect(sentence("wait for the AI to speak within 10 s")).toBe("ממתינה: הפקידה מתחילה לדבר");
    expect(sentence("expect silence within 150 ms")).toBe("שקט בקו, בתוך 150 מ״ש");
    expect(sentence("wait for the AI to keep speaking for 3 s within 8 s")).toBe("ממתינה: הפקידה ממשיכה לדבר 3 שניות");
    expect(sentence('900 ms later say "סליחה"')).toBe("כעבור 900 מ״ש: אומרת: ״סליחה״");
    expect(sentence("2 s later press 1 2 #")).toContain("כעבור שתי שניות: מקישה");
    expect(sentence("wait for engine audio_done")).toBe("ממתינה: המנוע שלח את כל הקול");
    expect(sentence("expect an appointment within 10 s")).toBe("נקבע תור, בתוך 10 שניות");
    expect(detail("after 43 ms")).toBe("כעבור 43 מ״ש");
  });

  it("stay as they are where they are not known, and in English", async () => {
    expect(sentence("wait for desk tool_finished t1")).toBeNull();
    expect(sentence("line 3: expect silence: FAILED")).toBeNull();
    await i18next.changeLanguage("en");
    expect(sentence("expect silence within 150 ms")).toBe("expect silence within 150 ms");
  });
});
