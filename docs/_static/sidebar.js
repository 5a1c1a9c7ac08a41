// The entry of this page is in view in the left column, also if it is far below the top.
addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector(".sidebar-scroll")
  const entry = document.querySelector(".sidebar-tree .current-page")
  if (!entry) return
  const top = entry.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 2
  box.scrollTo({ top, behavior: "instant" })
})
