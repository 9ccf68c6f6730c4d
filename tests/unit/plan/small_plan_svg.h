// The picture of a small plan, as it was looked at. Look at the new one before changing it.
#pragma once

namespace logbraid::test {

// clang-format off
inline constexpr const char* kSmallPlanSvg =
    R"svg(<svg xmlns="http://www.w3.org/2000/svg" width="608" height="270" viewBox="0 0 608 270" role="img" font-family="ui-sans-serif, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif">
<title>Plan of 4 enrichers in 2 groups</title>
<rect width="608" height="270" rx="8" fill="#ffffff"/>
<defs><marker id="declared" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.8 L8 4 L0 7.2 z" fill="#3c4350"/></marker><marker id="inferred" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.8 L8 4 L0 7.2 z" fill="#8089a0"/></marker></defs>
<text x="24.0" y="34.0" font-size="12" fill="#5b6475">group 1</text><line x1="24.0" y1="42.0" x2="150.6" y2="42.0" stroke="#d6dae3"/>
<text x="229.6" y="34.0" font-size="12" fill="#5b6475">group 2</text><line x1="229.6" y1="42.0" x2="356.1" y2="42.0" stroke="#d6dae3"/>
<path d="M150.6 87.0 C190.1 87.0 190.1 98.0 229.6 98.0" fill="none" stroke="#3c4350" stroke-width="1.4" marker-end="url(#declared)"><title>geo → risk: requires</title></path>
<path d="M150.6 149.0 C190.1 149.0 190.1 107.0 229.6 107.0" fill="none" stroke="#3c4350" stroke-width="1.4" marker-end="url(#declared)"><title>login → risk: dependencies</title></path>
<path d="M150.6 149.0 C190.1 149.0 190.1 164.5 229.6 164.5" fill="none" stroke="#8089a0" stroke-width="1.4" stroke-dasharray="5 3" marker-end="url(#inferred)"><title>login → plan: reads user.id</title></path>
<g><title>geo (geoip · inline)</title><rect x="24.0" y="64.0" width="126.6" height="46.0" rx="6" fill="#e3f1e6" stroke="#3a8f55" stroke-width="1.2"/><text x="38.0" y="83.0" font-size="13" font-weight="600" fill="#1d2330">geo</text><text x="38.0" y="99.0" font-size="11" fill="#5b6475">geoip · inline</text></g>
<g><title>login (function · inline)</title><rect x="24.0" y="126.0" width="126.6" height="46.0" rx="6" fill="#e3f1e6" stroke="#3a8f55" stroke-width="1.2"/><text x="38.0" y="145.0" font-size="13" font-weight="600" fill="#1d2330">login</text><text x="38.0" y="161.0" font-size="11" fill="#5b6475">function · inline</text></g>
<g><title>risk (function · pool): a score from 0 to 1</title><rect x="229.6" y="79.5" width="126.6" height="46.0" rx="6" fill="#fdeccf" stroke="#c07a12" stroke-width="1.2"/><text x="243.6" y="98.5" font-size="13" font-weight="600" fill="#1d2330">risk</text><text x="243.6" y="114.5" font-size="11" fill="#5b6475">function · pool</text></g>
<g><title>plan (geoip · inline)</title><rect x="229.6" y="141.5" width="126.6" height="46.0" rx="6" fill="#e3f1e6" stroke="#3a8f55" stroke-width="1.2"/><text x="243.6" y="160.5" font-size="13" font-weight="600" fill="#1d2330">plan</text><text x="243.6" y="176.5" font-size="11" fill="#5b6475">geoip · inline</text></g>
<rect x="24.0" y="209.5" width="14" height="11" rx="2.5" fill="#e3f1e6" stroke="#3a8f55"/><text x="44.0" y="219.5" font-size="11" fill="#5b6475">inline</text>
<rect x="93.0" y="209.5" width="14" height="11" rx="2.5" fill="#fdeccf" stroke="#c07a12"/><text x="113.0" y="219.5" font-size="11" fill="#5b6475">pool</text>
<path d="M154.1 215.5 h28" stroke="#3c4350" stroke-width="1.4" marker-end="url(#declared)"/><text x="188.1" y="219.5" font-size="11" fill="#5b6475">declared</text>
<path d="M257.3 215.5 h28" stroke="#8089a0" stroke-width="1.4" stroke-dasharray="5 3" marker-end="url(#inferred)"/><text x="291.3" y="219.5" font-size="11" fill="#5b6475">reads what it writes</text>
<text x="24.0" y="245.5" font-size="12" fill="#5b6475">left out: nightly (environment is development, not production)</text>
</svg>
)svg";
// clang-format on

}  // namespace logbraid::test
