import { describe, expect, it } from "vitest";
import { isSame, parseLabels, parseList, writeLabels } from "../src/edit/fields";

describe("labels", () => {
  it("are read as they are written", () => {
    const labels = { tour: "seoul: day 2", "x-1": "" };
    expect(parseLabels(writeLabels(labels))).toEqual(labels);
    expect(parseLabels("\n  tour :서울 \n")).toEqual({ tour: "서울" });
  });

  it("are refused where one has no name that the gateway takes", () => {
    expect(parseLabels("tour")).toBeNull();
    expect(parseLabels("투어: x")).toBeNull();
    expect(parseLabels(`${"a".repeat(64)}: x`)).toBeNull();
  });
});

it("takes names with any comma between them, each once", () => {
  expect(parseList(" 제니, Jennie，제니、, J ")).toEqual(["제니", "Jennie", "J"]);
  expect(parseList("  ")).toEqual([]);
});

it("takes a title that was typed for the same one, composed or not", () => {
  expect(isSame("제니  Solo", "제니 Solo ".normalize("NFD"))).toBe(true);
  expect(isSame("", "Solo")).toBe(false);
});
