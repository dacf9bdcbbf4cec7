/** Who looks at the page, and what that person may do. */
import { computed, signal } from "@preact/signals";
import { api } from "./api/client";
import type { Me } from "./api/types";

export const me = signal<Me | null>(null);
export const mayEdit = computed(() => me.value?.role === "editor" || me.value?.role === "operator");

export async function learnWho(): Promise<void> {
  try {
    me.value = await api.me();
  } catch {
    me.value = { role: "visitor", name: null };
  }
}
