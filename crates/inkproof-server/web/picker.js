// A field that finds an enrolled writer by how the id begins.

import { get } from "./api.js";
import { field, h } from "./dom.js";

let number = 0;

export function writerPicker({ label = "Writer", value = "" } = {}) {
  number += 1;
  const list = h("datalist", { id: `writers-${number}` });
  const input = h("input", { type: "text", id: `writer-${number}`, value, autocomplete: "off", spellcheck: "false", autocapitalize: "none", required: true });
  input.setAttribute("list", list.id);
  let asked = null;
  const suggest = async () => {
    const prefix = input.value.trim();
    if (prefix === asked) return;
    asked = prefix;
    const { writers } = await get(`/v1/writers?limit=20&prefix=${encodeURIComponent(prefix)}`).catch(() => ({ writers: [] }));
    if (asked === prefix) list.replaceChildren(...writers.map(({ id, references }) => h("option", { value: id }, `${references} references`)));
  };
  input.addEventListener("input", suggest);
  input.addEventListener("focus", suggest);
  const element = field(label, "The id under which the writer is enrolled", input);
  element.append(list);
  return { element, value: () => input.value.trim(), focus: () => input.focus() };
}
