/** Who looks at the page, and what that person may do. */
import { computed, effect, signal, untracked } from "@preact/signals";
import { api, unauthorized } from "./api/client";
import type { Me } from "./api/types";

export const me = signal<Me | null>(null);
/** Grows whenever somebody signs in or out: what is shown is then asked for anew. */
export const visit = signal(0);

const role = computed(() => me.value?.role ?? "stranger");
export const isStranger = computed(() => me.value?.role === "stranger");
export const maySeeAll = computed(() => !["stranger", "visitor"].includes(role.value));
export const mayEdit = computed(() => role.value === "editor" || role.value === "operator");
export const mayOperate = computed(() => role.value === "operator");
/** Whether this browser has brought a token; whoever sits at the machine itself has none to give back. */
export const isSignedIn = computed(() => Boolean(me.value?.name));

export async function learnWho(): Promise<void> {
  try {
    me.value = await api.me();
  } catch {
    // Unreachable: what the page asks for next says so.
    me.value ??= { role: "visitor", name: "" };
  }
}

/** A token, or the code of an invitation, becomes a session; the page keeps neither. */
export async function signIn(pass: { token: string } | { code: string }): Promise<void> {
  me.value = await api.signIn(pass);
  visit.value += 1;
}

export async function signOut(): Promise<void> {
  await api.signOut();
  await learnWho();
  visit.value += 1;
}

/** A session that ended while the page was open. */
effect(() => {
  if (unauthorized.value) untracked(() => void learnWho());
});
